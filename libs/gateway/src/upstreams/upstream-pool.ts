import { lookup } from 'node:dns/promises';
import { localFailureCode, withTimeout } from '@chat/platform/failures';
import { INSTANCE_HEADER } from '@chat/platform/process';
import { Logger } from '@nestjs/common';
import { Instance, type InstanceState } from './instance.ts';

/** How the instances of a service are probed; all values are in milliseconds. */
export interface PoolOptions {
  /** Interval between probes of an instance. */
  readonly probeIntervalMs: number;
  /**
   * Timeout of a probe, after which the instance gets no new requests. A late response still counts
   * as a sign of life.
   */
  readonly probeTimeoutMs: number;
  /** Time without a byte on any connection, probes included, after which all are closed. */
  readonly lostAfterMs: number;
  /** Interval of DNS resolution. */
  readonly resolveIntervalMs: number;
}

export const DEFAULT_POOL_OPTIONS: PoolOptions = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 1_000,
  lostAfterMs: 10_000,
  resolveIntervalMs: 5_000,
};

/** Consecutive failed probes before an instance is lost: the gateway itself may have stalled. */
const LOST_AFTER_PROBES = 3;

/** Resolves a host name to addresses. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * The instances of one service: one for each address of its host names. Each is probed regularly;
 * one that does not respond in time, or reports that it is stopping, gets no new requests until it
 * responds again. Its connections are closed only when it sends no bytes: a slow instance is not
 * an unresponsive one.
 */
export class UpstreamPool {
  readonly #logger = new Logger('Upstreams');
  readonly #instances = new Map<string, Instance>();
  readonly #missedProbes = new WeakMap<Instance, number>();
  /** Instances that have been available before. */
  readonly #knownAvailable = new WeakSet<Instance>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stopped = new AbortController();
  #rotation = 0;
  #probing: Promise<void> | undefined;

  /**
   * @param service name for logs and error messages
   * @param urls origins; a host name with several addresses stands for all of them
   * @param reportLocalFailure called with the error code when the gateway lacks a resource
   */
  constructor(
    readonly service: string,
    private readonly urls: readonly string[],
    private readonly options: PoolOptions,
    readonly reportLocalFailure: (code: string) => void,
    private readonly resolve: Resolve = resolveAddresses,
  ) {}

  /** Resolves once every instance has been probed. */
  async start(): Promise<void> {
    await this.#resolveInstances();
    await this.probe();
    this.#repeat(this.options.probeIntervalMs, () => this.probe());
    this.#repeat(this.options.resolveIntervalMs, () => this.#resolveInstances());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const instance of this.#instances.values()) instance.closeConnections();
    this.#stopped.abort();
  }

  /** Returns the available instance with the lowest load; undefined when there is none. */
  choose(): Instance | undefined {
    const available = this.#available();
    if (available.length === 0) return undefined;
    this.#rotation = (this.#rotation + 1) % available.length;
    const rotated = [...available.slice(this.#rotation), ...available.slice(0, this.#rotation)];
    return rotated.reduce((least, instance) => (instance.load < least.load ? instance : least));
  }

  /** Returns the instance with this id, even while it is stopping, unless it is lost. */
  async findById(id: string): Promise<Instance | undefined> {
    const known = this.#findKnown(id);
    if (known) return known;
    await this.probe();
    return this.#findKnown(id);
  }

  /** Marks an instance as unavailable after a failed connection attempt. */
  reportUnreachable(instance: Instance): void {
    this.#setState(instance, 'unavailable', 'connection failed');
  }

  /** Probes every instance now; concurrent calls are coalesced. */
  probe(): Promise<void> {
    this.#probing ??= Promise.all(
      [...this.#instances.values()].map((instance) => this.#probe(instance)),
    ).then(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  /** Health check: resolves when at least one instance is ready. */
  async check(): Promise<void> {
    await Promise.any(
      this.#available().map(async ({ url }) => {
        const response = await this.#get(`${url}/health/ready`, this.options.probeTimeoutMs);
        if (!response.ok) throw new Error(`${url} is not ready`);
      }),
    );
  }

  #available(): Instance[] {
    return [...this.#instances.values()].filter(({ state }) => state === 'available');
  }

  #findKnown(id: string): Instance | undefined {
    return [...this.#instances.values()].find(
      (instance) => instance.id === id && instance.state !== 'lost',
    );
  }

  async #probe(instance: Instance): Promise<void> {
    const { probeIntervalMs, probeTimeoutMs, lostAfterMs } = this.options;
    const pending = this.#get(`${instance.url}/health/live`, lostAfterMs);
    pending.then(
      () => instance.markAlive(),
      () => undefined,
    );
    try {
      const response = await withTimeout(pending, probeTimeoutMs);
      this.#missedProbes.delete(instance);
      instance.id = response.headers.get(INSTANCE_HEADER) ?? undefined;
      if (response.ok) this.#setState(instance, 'available', 'probe succeeded');
      else this.#setState(instance, 'unavailable', 'instance is stopping');
    } catch (error) {
      const code = localFailureCode(error);
      // A local failure says nothing about the instance.
      if (code !== undefined) return this.reportLocalFailure(code);
      const missed = (this.#missedProbes.get(instance) ?? 0) + 1;
      this.#missedProbes.set(instance, missed);
      const maxUnresponsiveMs = isConnectionRefused(error) ? probeIntervalMs : lostAfterMs;
      const isUnresponsive = instance.unresponsiveForMs() >= maxUnresponsiveMs;
      const state = isUnresponsive && missed >= LOST_AFTER_PROBES ? 'lost' : 'unavailable';
      this.#setState(instance, state, 'no response in time');
    }
  }

  async #get(url: string, timeoutMs: number): Promise<Response> {
    const response = await fetch(url, {
      // A persistent connection to an unresponsive instance would be useless.
      headers: { connection: 'close' },
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stopped.signal]),
    });
    await response.arrayBuffer();
    return response;
  }

  #setState(instance: Instance, state: InstanceState, reason: string): void {
    const before = instance.state;
    if (before === state) return;
    // A lost instance stays lost until it responds.
    if (before === 'lost' && state === 'unavailable') return;
    instance.state = state;
    const fields = { dependency: this.service, instance: instance.url, reason };
    if (state === 'available') {
      const isRecovery = this.#knownAvailable.has(instance);
      this.#knownAvailable.add(instance);
      return this.#logger.log(
        fields,
        isRecovery ? 'dependency available again' : 'dependency connected',
      );
    }
    if (before === 'available') this.#logger.warn(fields, 'dependency unavailable');
    if (state === 'unavailable') return;
    this.#logger.warn(fields, 'instance sends nothing; closing its connections');
    instance.closeConnections();
  }

  async #resolveInstances(): Promise<void> {
    const found = new Set<string>();
    for (const url of this.urls) {
      const { hostname, port } = new URL(url);
      const addresses = await this.resolve(hostname).catch(() => undefined);
      // DNS resolution failed: the known instances stay.
      if (!addresses) return;
      for (const address of addresses) {
        const key = `${address} ${port || '80'}`;
        found.add(key);
        if (!this.#instances.has(key)) {
          const instance = new Instance(address, Number(port || '80'));
          this.#instances.set(key, instance);
          await this.#probe(instance);
        }
      }
    }
    for (const [key, instance] of this.#instances) {
      if (found.has(key)) continue;
      this.#instances.delete(key);
      instance.closeConnections();
      this.#logger.log(
        { dependency: this.service, instance: instance.url },
        'instance removed; its address is no longer in DNS',
      );
    }
  }

  #repeat(everyMs: number, work: () => Promise<void>): void {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      work().then(
        () => (running = false),
        (error: unknown) => {
          running = false;
          this.#logger.error({ err: error, dependency: this.service }, 'monitoring failed');
        },
      );
    }, everyMs);
    this.#timers.push(timer.unref());
  }
}

/** Returns whether no process listens on the port: the instance has exited. */
function isConnectionRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

/** Returns addresses of one family: a name with IPv4 and IPv6 addresses stands for one server. */
async function resolveAddresses(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true });
  const four = found.filter(({ family }) => family === 4);
  return (four.length > 0 ? four : found).map(({ address }) => address);
}
