import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { INSTANCE_HEADER, localFailureCode } from '@chat/platform';
import { Logger } from '@nestjs/common';
import { Instance, type InstanceState } from './instance.ts';

/** How a service's instances are watched. All in milliseconds. */
export interface PoolOptions {
  /** Between two looks at an instance. */
  readonly probeEveryMs: number;
  /** Longest wait for its answer before it gets nothing new. A later answer shows that it lives. */
  readonly probeTimeoutMs: number;
  /** Silence on every connection, probes included, after which what is open to it is closed. */
  readonly lostAfterMs: number;
  /** Between two looks at the addresses of a name. */
  readonly resolveEveryMs: number;
}

export const DEFAULT_POOL_OPTIONS: PoolOptions = {
  probeEveryMs: 1_000,
  probeTimeoutMs: 1_000,
  lostAfterMs: 10_000,
  resolveEveryMs: 5_000,
};

/** Looks in a row that had no answer in time before an instance is lost: the gateway may have stood still itself. */
const LOST_AFTER_PROBES = 3;

/** Addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * The instances of one service: those of every address that its names have.
 * Each is asked again and again whether it lives; one that does not answer in time, or
 * says that it is stopping, gets nothing new until it answers again. What is open to it
 * is closed only when nothing at all comes from it: a slow instance is not a dead one.
 */
export class UpstreamPool {
  readonly #logger = new Logger('Upstreams');
  readonly #instances = new Map<string, Instance>();
  readonly #misses = new WeakMap<Instance, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stopped = new AbortController();
  #turn = 0;
  #probing: Promise<void> | undefined;

  /**
   * @param service its name, for people
   * @param urls origins; a name that has several addresses stands for all of them
   * @param reportLocalFailure takes note of an error of the gateway's own, by its code
   */
  constructor(
    readonly service: string,
    private readonly urls: readonly string[],
    private readonly options: PoolOptions,
    readonly reportLocalFailure: (code: string) => void,
    private readonly resolve: Resolve = addressesOf,
  ) {}

  /** Resolves once every instance has been looked at. */
  async start(): Promise<void> {
    await this.#findInstances();
    await this.probe();
    this.#repeat(this.options.probeEveryMs, () => this.probe());
    this.#repeat(this.options.resolveEveryMs, () => this.#findInstances());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const instance of this.#instances.values()) instance.closeAll();
    this.#stopped.abort();
  }

  /** The living instance that has the least to do; undefined when none lives. */
  choose(): Instance | undefined {
    const living = this.#living();
    if (living.length === 0) return undefined;
    this.#turn = (this.#turn + 1) % living.length;
    const rotated = [...living.slice(this.#turn), ...living.slice(0, this.#turn)];
    return rotated.reduce((least, one) => (one.load < least.load ? one : least));
  }

  /** The instance with that id, which also gets what belongs to it while it is stopping. */
  async ofId(id: string): Promise<Instance | undefined> {
    const known = this.#known(id);
    if (known) return known;
    await this.probe();
    return this.#known(id);
  }

  /** Somebody has seen that nothing listens there. */
  reportRefused(instance: Instance): void {
    this.#enter(instance, 'out', 'nobody listens there');
  }

  /** Looks at every instance now; those who ask together share a look. */
  probe(): Promise<void> {
    this.#probing ??= Promise.all(
      [...this.#instances.values()].map((one) => this.#probe(one)),
    ).then(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  /** For health: resolves when an instance says that it can serve. */
  async check(): Promise<void> {
    await Promise.any(
      this.#living().map(async ({ url }) => {
        const response = await this.#get(`${url}/health/ready`, this.options.probeTimeoutMs);
        if (!response.ok) throw new Error(`${url} is not ready`);
      }),
    );
  }

  #living(): Instance[] {
    return [...this.#instances.values()].filter(({ state }) => state === 'in');
  }

  #known(id: string): Instance | undefined {
    return [...this.#instances.values()].find((one) => one.id === id && one.state !== 'lost');
  }

  async #probe(instance: Instance): Promise<void> {
    const { probeEveryMs, probeTimeoutMs, lostAfterMs } = this.options;
    const answer = this.#get(`${instance.url}/health/live`, lostAfterMs);
    answer.then(
      () => instance.heard(),
      () => undefined,
    );
    try {
      const response = await within(probeTimeoutMs, answer);
      this.#misses.delete(instance);
      instance.id = response.headers.get(INSTANCE_HEADER) ?? undefined;
      if (response.ok) this.#enter(instance, 'in', 'it answers');
      else this.#enter(instance, 'out', 'it is stopping');
    } catch (error) {
      const code = localFailureCode(error);
      // Says nothing about the instance.
      if (code !== undefined) return this.reportLocalFailure(code);
      const misses = (this.#misses.get(instance) ?? 0) + 1;
      this.#misses.set(instance, misses);
      const patienceMs = isRefusal(error) ? probeEveryMs : lostAfterMs;
      const isSilent = instance.silentForMs() >= patienceMs;
      const state = isSilent && misses >= LOST_AFTER_PROBES ? 'lost' : 'out';
      this.#enter(instance, state, 'it does not answer in time');
    }
  }

  async #get(url: string, timeoutMs: number): Promise<Response> {
    const response = await fetch(url, {
      // What is kept open to an instance that froze would be of no use.
      headers: { connection: 'close' },
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stopped.signal]),
    });
    await response.arrayBuffer();
    return response;
  }

  #enter(instance: Instance, state: InstanceState, reason: string): void {
    const before = instance.state;
    if (before === state) return;
    // One that is lost stays so until it answers.
    if (before === 'lost' && state === 'out') return;
    instance.state = state;
    const name = `${this.service} at ${instance.url}`;
    if (state === 'in') return this.#logger.log(`${name} is in: ${reason}.`);
    if (before === 'in') this.#logger.warn(`${name} is out: ${reason}.`);
    if (state === 'out') return;
    this.#logger.warn(`${name} is lost: nothing comes from it; its connections are closed.`);
    instance.closeAll();
  }

  async #findInstances(): Promise<void> {
    const found = new Set<string>();
    for (const url of this.urls) {
      const { hostname, port } = new URL(url);
      const addresses = await this.resolve(hostname).catch(() => undefined);
      // Nobody can say at the moment: what was known stands.
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
      instance.closeAll();
      this.#logger.log(`${this.service} at ${instance.url} is gone: its name no longer says it.`);
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
          this.#logger.error({ err: error }, `the instances of ${this.service} are not watched`);
        },
      );
    }, everyMs);
    this.#timers.push(timer.unref());
  }
}

/** @throws Error when there is no answer in time, else what the answer throws */
async function within<T>(timeMs: number, answer: Promise<T>): Promise<T> {
  const answered = new AbortController();
  const late = delay(timeMs, undefined, { signal: answered.signal }).then(() => {
    throw new Error(`no answer within ${timeMs} ms`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    answered.abort();
    late.catch(() => undefined);
  }
}

/** Nothing listens there: a process that ran has ended. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

/** Of one family only: a name with an address of each stands for one server. */
async function addressesOf(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true });
  const four = found.filter(({ family }) => family === 4);
  return (four.length > 0 ? four : found).map(({ address }) => address);
}
