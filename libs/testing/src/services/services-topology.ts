import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.ts';
import { Link } from '../link.ts';
import { privatePort } from '../private-port.ts';
import { BackingServers } from './backing-servers.ts';
import { ServiceInstance, type ServiceName } from './service-instance.ts';

/** A backing server, or an instance of a service. */
export type Part = 'redis' | 'rabbitmq' | 'mongo' | ServiceInstance;
/** A backing server. */
export type Backing = Extract<Part, string>;

/** Where servers listen on this machine that somebody else has started. */
export type ServerPorts = Readonly<Record<Backing, { readonly port: number }>>;

type Env = Readonly<Record<string, string>>;

export interface TopologyOptions {
  /** How many instances of each service; 1 unless told otherwise. */
  readonly users?: number;
  readonly messages?: number;
  readonly chat?: number;
  /** All of them listen on one port. */
  readonly gateway?: number;
  /** Kept over restarts, logs of the services included; without it everything is temporary. */
  readonly dataDir?: string;
  /** Ports of first instances; any that is free unless told otherwise. */
  readonly ports?: Partial<Record<ServiceName, number>>;
  /** Settings of a service, or of all. */
  readonly env?: Partial<Record<ServiceName | 'all', Env>>;
  /** Whether everything between processes passes through links, which can swallow it. */
  readonly links?: boolean;
  /** Own ones are started without them. */
  readonly servers?: BackingServers | ServerPorts;
  /** Whether servers that were given are closed too; otherwise somebody else does it. */
  readonly closesServers?: boolean;
  /** Signs tokens; a new one unless told otherwise. */
  readonly jwtSecret?: string;
}

/** What each service talks to, beside other services. */
const BACKING: Record<ServiceName, readonly Backing[]> = {
  users: ['redis', 'mongo'],
  messages: ['redis', 'rabbitmq', 'mongo'],
  chat: ['redis', 'rabbitmq'],
  gateway: ['redis'],
};
const CALLED: Record<ServiceName, readonly ServiceName[]> = {
  users: [],
  messages: ['users'],
  chat: ['users', 'messages'],
  gateway: ['users', 'messages', 'chat'],
};
const SERVICES: readonly ServiceName[] = ['users', 'messages', 'chat', 'gateway'];
const PAGE_FOLDER = fileURLToPath(new URL('../../../../apps/web/dist', import.meta.url));
const HEALTHY_WITHIN_MS = 30_000;

/** The chat as services: every process of it on this machine, on private servers. */
export class ServicesTopology {
  readonly #instances: ServiceInstance[] = [];
  readonly #backingLinks: Record<Backing, Link[]> = { redis: [], rabbitmq: [], mongo: [] };
  readonly #database = `chat-${randomBytes(4).toString('hex')}`;
  readonly #jwtSecret: string;
  #gatewayPort = 0;
  #gatewayLink: Link | undefined;

  private constructor(
    private readonly options: TopologyOptions,
    private readonly servers: BackingServers | ServerPorts,
  ) {
    this.#jwtSecret = options.jwtSecret ?? randomBytes(48).toString('base64url');
  }

  /** Resolves once the gateway says that everything works. */
  static async start(options: TopologyOptions = {}): Promise<ServicesTopology> {
    const servers = options.servers ?? (await BackingServers.start(options.dataDir));
    const topology = new ServicesTopology(options, servers);
    try {
      await topology.#startServices();
    } catch (error) {
      await topology.close();
      throw error;
    }
    return topology;
  }

  get redis() {
    return this.#owned.redis.process;
  }

  get rabbitmq() {
    return this.#owned.rabbitmq.process;
  }

  get mongo() {
    return this.#owned.mongo;
  }

  /** Where all gateways listen. */
  get gatewayUrl(): string {
    return `http://localhost:${this.#gatewayLink?.port ?? this.#gatewayPort}`;
  }

  /** @param service all services without it */
  instances(service?: ServiceName): ServiceInstance[] {
    return this.#instances.filter((one) => service === undefined || one.service === service);
  }

  /** The first instance of a service. */
  instance(service: ServiceName): ServiceInstance {
    const [first] = this.instances(service);
    if (!first) throw new Error(`there is no instance of ${service}`);
    return first;
  }

  /** Another gateway on the port of those that there are; resolves once it listens. */
  async addGateway(): Promise<ServiceInstance> {
    const added = await this.#create('gateway');
    await added.process.start();
    return added;
  }

  /** Nothing comes through to this part or from it any more, and nobody is told. Needs links. */
  swallow(part: Part): void {
    for (const link of this.#linksOf(part)) link.swallow();
  }

  /** Undoes {@link swallow} for new connections; those that were silent stay so. */
  async restore(part: Part): Promise<void> {
    for (const link of this.#linksOf(part)) await link.restore();
  }

  /** The link from one instance to a backing server, and to nothing else. Needs links. */
  linkBetween(instance: ServiceInstance, server: Backing): Link {
    const link = instance.links.find((one) => this.#backingLinks[server].includes(one));
    if (!link) throw new Error(`there is no link between ${instance.name} and ${server}`);
    return link;
  }

  /** Resolves once every service and every server answers. */
  async healthy(): Promise<void> {
    await eventually(async () => {
      for (const { url, service, name } of this.#instances) {
        const at = service === 'gateway' ? this.gatewayUrl : url;
        const response = await fetch(`${at}/health`, { signal: AbortSignal.timeout(3_000) });
        const text = await response.text();
        if (!response.ok) throw new Error(`${name} is not well: ${text}`);
      }
    }, HEALTHY_WITHIN_MS);
  }

  /** Ends every process in its own way: the gateways first, then those behind them. */
  async stop(): Promise<void> {
    for (const service of SERVICES.toReversed()) {
      await Promise.all(this.instances(service).map((one) => one.process.stop()));
    }
    await this.#closeLinks();
    if (this.#closesServers) await this.#owned.stop();
  }

  /** Ends every process at once. */
  async close(): Promise<void> {
    for (const service of SERVICES.toReversed()) {
      await Promise.all(this.instances(service).map((one) => one.process.kill()));
    }
    await this.#closeLinks();
    if (this.#closesServers) await this.#owned.close();
  }

  get #owned(): BackingServers {
    if (this.servers instanceof BackingServers) return this.servers;
    throw new Error('the servers of this topology are those of somebody else');
  }

  get #closesServers(): boolean {
    return !this.options.servers || this.options.closesServers === true;
  }

  async #startServices(): Promise<void> {
    this.#gatewayPort = this.options.ports?.gateway ?? (await privatePort());
    if (this.options.links) this.#gatewayLink = await Link.to(this.#gatewayPort);
    for (const service of SERVICES) {
      for (let count = 0; count < (this.options[service] ?? 1); count += 1) {
        await this.#create(service);
      }
    }
    await Promise.all(this.#instances.map((one) => one.process.start()));
    await this.healthy();
  }

  async #create(service: ServiceName): Promise<ServiceInstance> {
    const number = this.instances(service).length + 1;
    const fixed = number === 1 ? this.options.ports?.[service] : undefined;
    const port = service === 'gateway' ? this.#gatewayPort : (fixed ?? (await privatePort()));
    const links: Link[] = [];
    const inbound = service === 'gateway' ? this.#gatewayLink : await this.#link(port);
    if (inbound) links.push(inbound);
    const metricsPort = await privatePort();
    const env: Record<string, string> = {
      METRICS_PORT: String(metricsPort),
      NODE_ENV: 'test',
      // Everything is on this machine.
      TRUST_PROXY: '127.0.0.1,::1',
      PORT: String(port),
      JWT_SECRET: this.#jwtSecret,
    };
    for (const backing of BACKING[service]) {
      const link = await this.#link(this.servers[backing].port);
      if (link) {
        links.push(link);
        this.#backingLinks[backing].push(link);
      }
      Object.assign(env, this.#address(backing, service, link?.port));
    }
    for (const called of CALLED[service]) {
      env[`${called.toUpperCase()}_URLS`] = this.instances(called)
        .map(({ url }) => url)
        .join(',');
    }
    if (service === 'gateway') env['PAGE_FOLDER'] = PAGE_FOLDER;
    const name = `${service}-${number}`;
    const instance = new ServiceInstance({
      name,
      service,
      port: inbound?.port ?? port,
      metricsPort,
      env: { ...env, ...this.options.env?.all, ...this.options.env?.[service] },
      links,
      log: await this.#logOf(name),
    });
    this.#instances.push(instance);
    return instance;
  }

  #address(backing: Backing, service: ServiceName, linked: number | undefined): Env {
    const { redis, rabbitmq, mongo } = this.servers;
    switch (backing) {
      case 'redis':
        return { REDIS_URL: `redis://127.0.0.1:${linked ?? redis.port}` };
      case 'rabbitmq':
        return { RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${linked ?? rabbitmq.port}` };
      case 'mongo': {
        // One that is kept has the same name at every start.
        const database = this.options.dataDir === undefined ? this.#database : 'chat';
        return { MONGO_URI: `mongodb://127.0.0.1:${linked ?? mongo.port}/${database}-${service}` };
      }
    }
  }

  async #link(port: number): Promise<Link | undefined> {
    return this.options.links ? Link.to(port) : undefined;
  }

  async #logOf(name: string): Promise<NodeJS.WritableStream | undefined> {
    if (this.options.dataDir === undefined) return undefined;
    const folder = join(this.options.dataDir, 'logs');
    await mkdir(folder, { recursive: true });
    return createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  }

  #linksOf(part: Part): readonly Link[] {
    const links = typeof part === 'string' ? this.#backingLinks[part] : part.links;
    if (links.length === 0) throw new Error('the topology was started without links');
    return links;
  }

  async #closeLinks(): Promise<void> {
    const links = new Set(this.#instances.flatMap((one) => one.links));
    await Promise.all([...links].map((link) => link.cut()));
  }
}
