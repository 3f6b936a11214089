import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.ts';
import { FaultProxy } from '../network/fault-proxy.ts';
import { reservePort } from '../network/reserve-port.ts';
import { BackingServers } from '../servers/backing-servers.ts';
import { ServiceInstance, type ServiceName } from './service-instance.ts';

/** A backing server, or an instance of a service. */
export type TopologyNode = 'redis' | 'rabbitmq' | 'mongo' | ServiceInstance;
/** Name of a backing server. */
export type BackingServer = Extract<TopologyNode, string>;

/** Ports on this machine of servers that the caller started. */
export interface ServerPorts {
  readonly redis: { readonly port: number };
  readonly rabbitmq: {
    readonly port: number;
    /** The default virtual host if undefined. */
    readonly virtualHost?: string;
  };
  readonly mongo: { readonly port: number };
}

type Env = Readonly<Record<string, string>>;

export interface TopologyOptions {
  /** Number of instances of each service; 1 by default. */
  readonly users?: number;
  readonly messages?: number;
  readonly chat?: number;
  /** All gateways listen on the same port. */
  readonly gateway?: number;
  /** Persistent directory for data and service logs; if undefined, all data is temporary. */
  readonly dataDir?: string;
  /** Ports of the first instances; any free port by default. */
  readonly ports?: Partial<Record<ServiceName, number>>;
  /** Settings of one service, or of all services. */
  readonly env?: Partial<Record<ServiceName | 'all', Env>>;
  /** Whether all traffic between processes passes through proxies, which can drop it. */
  readonly proxies?: boolean;
  /** Servers to use; if undefined, private ones are started. */
  readonly servers?: BackingServers | ServerPorts;
  /**
   * Whether `close` and `stop` also close the given `servers`; by default the caller closes them.
   */
  readonly closesServers?: boolean;
  /** Secret that signs tokens; a new one by default. */
  readonly jwtSecret?: string;
}

/** Backing servers that each service connects to. */
const BACKING: Record<ServiceName, readonly BackingServer[]> = {
  users: ['redis', 'mongo'],
  messages: ['redis', 'rabbitmq', 'mongo'],
  chat: ['redis', 'rabbitmq'],
  gateway: ['redis'],
};
/** Services that each service calls. */
const CALLED: Record<ServiceName, readonly ServiceName[]> = {
  users: [],
  messages: ['users'],
  chat: ['users', 'messages'],
  gateway: ['users', 'messages', 'chat'],
};
const SERVICES: readonly ServiceName[] = ['users', 'messages', 'chat', 'gateway'];
const PAGE_FOLDER = fileURLToPath(new URL('../../../../apps/web/dist', import.meta.url));
const HEALTHY_WITHIN_MS = 30_000;

/** The complete chat as services: all processes on this machine, by default on private servers. */
export class ServicesTopology {
  readonly #instances: ServiceInstance[] = [];
  readonly #backingProxies: Record<BackingServer, FaultProxy[]> = {
    redis: [],
    rabbitmq: [],
    mongo: [],
  };
  readonly #database = `chat-${randomBytes(4).toString('hex')}`;
  readonly #jwtSecret: string;
  #gatewayPort = 0;
  #gatewayProxy: FaultProxy | undefined;

  private constructor(
    private readonly options: TopologyOptions,
    private readonly servers: BackingServers | ServerPorts,
  ) {
    this.#jwtSecret = options.jwtSecret ?? randomBytes(48).toString('base64url');
  }

  /** Starts all processes; resolves once every service reports that it is healthy. */
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

  /** URL of the port that all gateways share. */
  get gatewayUrl(): string {
    return `http://localhost:${this.#gatewayProxy?.port ?? this.#gatewayPort}`;
  }

  /**
   * Returns the instances of a service.
   *
   * @param service all services by default
   */
  instances(service?: ServiceName): ServiceInstance[] {
    return this.#instances.filter(
      (instance) => service === undefined || instance.service === service,
    );
  }

  /** Returns the first instance of a service. */
  instance(service: ServiceName): ServiceInstance {
    const [first] = this.instances(service);
    if (!first) throw new Error(`there is no instance of ${service}`);
    return first;
  }

  /** Starts another gateway on the shared port; resolves once it listens. */
  async addGateway(): Promise<ServiceInstance> {
    const added = await this.#create('gateway');
    await added.process.start();
    return added;
  }

  /**
   * Drops all traffic to and from a node of the topology, without closing connections. Requires
   * proxies.
   */
  blackhole(node: TopologyNode): void {
    for (const proxy of this.#proxiesOf(node)) proxy.blackhole();
  }

  /** Undoes {@link blackhole} for new connections; those whose traffic was dropped stay silent. */
  async restore(node: TopologyNode): Promise<void> {
    for (const proxy of this.#proxiesOf(node)) await proxy.restore();
  }

  /**
   * Returns the proxy that carries only the traffic of one instance to one backing server.
   * Requires proxies.
   */
  proxyBetween(instance: ServiceInstance, server: BackingServer): FaultProxy {
    const proxy = instance.proxies.find((candidate) =>
      this.#backingProxies[server].includes(candidate),
    );
    if (!proxy) throw new Error(`there is no proxy between ${instance.name} and ${server}`);
    return proxy;
  }

  /** Resolves once every service and every backing server is healthy. */
  async waitUntilHealthy(): Promise<void> {
    await eventually(async () => {
      for (const { url, service, name } of this.#instances) {
        const baseUrl = service === 'gateway' ? this.gatewayUrl : url;
        const response = await fetch(`${baseUrl}/health`, { signal: AbortSignal.timeout(3_000) });
        const text = await response.text();
        if (!response.ok) throw new Error(`${name} is unhealthy: ${text}`);
      }
    }, HEALTHY_WITHIN_MS);
  }

  /** Shuts every process down gracefully: the gateways first, then the services behind them. */
  async stop(): Promise<void> {
    for (const service of SERVICES.toReversed()) {
      await Promise.all(this.instances(service).map(({ process }) => process.stop()));
    }
    await this.#closeProxies();
    if (this.#closesServers) await this.#owned.stop();
  }

  /** Kills every process. */
  async close(): Promise<void> {
    for (const service of SERVICES.toReversed()) {
      await Promise.all(this.instances(service).map(({ process }) => process.kill()));
    }
    await this.#closeProxies();
    if (this.#closesServers) await this.#owned.close();
  }

  get #owned(): BackingServers {
    if (this.servers instanceof BackingServers) return this.servers;
    throw new Error('this topology does not own its backing servers');
  }

  get #closesServers(): boolean {
    return !this.options.servers || this.options.closesServers === true;
  }

  async #startServices(): Promise<void> {
    this.#gatewayPort = this.options.ports?.gateway ?? (await reservePort());
    if (this.options.proxies) this.#gatewayProxy = await FaultProxy.to(this.#gatewayPort);
    for (const service of SERVICES) {
      for (let count = 0; count < (this.options[service] ?? 1); count += 1) {
        await this.#create(service);
      }
    }
    await Promise.all(this.#instances.map(({ process }) => process.start()));
    await this.waitUntilHealthy();
  }

  async #create(service: ServiceName): Promise<ServiceInstance> {
    const number = this.instances(service).length + 1;
    const fixed = number === 1 ? this.options.ports?.[service] : undefined;
    const port = service === 'gateway' ? this.#gatewayPort : (fixed ?? (await reservePort()));
    const proxies: FaultProxy[] = [];
    const inbound = service === 'gateway' ? this.#gatewayProxy : await this.#startProxy(port);
    if (inbound) proxies.push(inbound);
    const metricsPort = await reservePort();
    const env: Record<string, string> = {
      METRICS_PORT: String(metricsPort),
      NODE_ENV: 'test',
      // All processes run on this machine.
      TRUST_PROXY: '127.0.0.1,::1',
      PORT: String(port),
      JWT_SECRET: this.#jwtSecret,
    };
    for (const backing of BACKING[service]) {
      const proxy = await this.#startProxy(this.servers[backing].port);
      if (proxy) {
        proxies.push(proxy);
        this.#backingProxies[backing].push(proxy);
      }
      Object.assign(env, this.#address(backing, service, proxy?.port));
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
      proxies,
      log: await this.#logOf(name),
    });
    this.#instances.push(instance);
    return instance;
  }

  #address(backing: BackingServer, service: ServiceName, proxyPort: number | undefined): Env {
    const { redis, rabbitmq, mongo }: ServerPorts = this.servers;
    switch (backing) {
      case 'redis':
        return { REDIS_URL: `redis://127.0.0.1:${proxyPort ?? redis.port}` };
      case 'rabbitmq': {
        const { port, virtualHost } = rabbitmq;
        const path = virtualHost === undefined ? '' : `/${virtualHost}`;
        return { RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${proxyPort ?? port}${path}` };
      }
      case 'mongo': {
        // A persistent database has the same name at every start.
        const database = this.options.dataDir === undefined ? this.#database : 'chat';
        return {
          MONGO_URI: `mongodb://127.0.0.1:${proxyPort ?? mongo.port}/${database}-${service}`,
        };
      }
    }
  }

  async #startProxy(port: number): Promise<FaultProxy | undefined> {
    return this.options.proxies ? FaultProxy.to(port) : undefined;
  }

  async #logOf(name: string): Promise<NodeJS.WritableStream | undefined> {
    if (this.options.dataDir === undefined) return undefined;
    const folder = join(this.options.dataDir, 'logs');
    await mkdir(folder, { recursive: true });
    return createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  }

  #proxiesOf(node: TopologyNode): readonly FaultProxy[] {
    const proxies = typeof node === 'string' ? this.#backingProxies[node] : node.proxies;
    if (proxies.length === 0) throw new Error('the topology was started without proxies');
    return proxies;
  }

  async #closeProxies(): Promise<void> {
    const proxies = new Set(this.#instances.flatMap((instance) => instance.proxies));
    await Promise.all([...proxies].map((proxy) => proxy.disconnect()));
  }
}
