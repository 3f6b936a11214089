import { setTimeout as delay } from 'node:timers/promises';
import { withTimeout } from '@chat/platform/failures';
import { Logger } from '@nestjs/common';

/** Longest wait for one probe. */
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Tracks whether this instance can reach its store. Probes the store after a failed write,
 * and then at an interval until a probe succeeds.
 */
export class StoreHealth {
  readonly #logger = new Logger('Partitions');
  readonly #stopping = new AbortController();
  #probing = false;
  #available = true;

  /**
   * @param probe rejects while the store is unreachable
   * @param intervalMs time between two probes while the store is unavailable
   * @param onChange called when the store becomes unavailable, and when it is available again
   */
  constructor(
    private readonly probe: () => Promise<unknown>,
    private readonly intervalMs: number,
    private readonly onChange: (available: boolean) => void,
  ) {}

  /** Whether the last probe succeeded, or there was none yet. */
  get available(): boolean {
    return this.#available;
  }

  /** Starts probing after a failed write, unless probes are running already. */
  check(): void {
    if (!this.#probing) void this.#probeUntilAvailable();
  }

  /** Stops probing; `onChange` is no longer called. */
  stop(): void {
    this.#stopping.abort();
  }

  async #probeUntilAvailable(): Promise<void> {
    const { signal } = this.#stopping;
    this.#probing = true;
    while (!(await this.#probeSucceeds()) && !signal.aborted) {
      this.#setAvailable(false);
      await delay(this.intervalMs, undefined, { signal }).catch(() => undefined);
    }
    this.#probing = false;
    if (!signal.aborted) this.#setAvailable(true);
  }

  async #probeSucceeds(): Promise<boolean> {
    try {
      await withTimeout(this.probe(), PROBE_TIMEOUT_MS);
      return true;
    } catch {
      return false;
    }
  }

  #setAvailable(available: boolean): void {
    if (available === this.#available) return;
    this.#available = available;
    if (available) this.#logger.log('store available again');
    else this.#logger.warn('store unavailable; offering partitions to other instances');
    this.onChange(available);
  }
}
