import { setTimeout as delay } from 'node:timers/promises';
import { withTimeout } from '@chat/platform';
import { Logger } from '@nestjs/common';

/** Longest wait for one probe. */
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Tracks whether this instance reaches its store. Probes the store after a failed write,
 * and then at an interval until a probe succeeds.
 */
export class StoreHealth {
  readonly #logger = new Logger('Partitions');
  readonly #stopping = new AbortController();
  #probing = false;
  #unavailable = false;

  /**
   * @param probe rejects while the store is unreachable
   * @param intervalMs between two probes while the store is unavailable
   * @param onChange called when the store becomes unavailable, and when it is available again
   */
  constructor(
    private readonly probe: () => Promise<unknown>,
    private readonly intervalMs: number,
    private readonly onChange: () => void,
  ) {}

  get unavailable(): boolean {
    return this.#unavailable;
  }

  /** Starts probing after a failed write, unless probes are running already. */
  check(): void {
    if (!this.#probing) void this.#probeUntilAvailable();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #probeUntilAvailable(): Promise<void> {
    const { signal } = this.#stopping;
    this.#probing = true;
    while (!(await this.#probeSucceeds()) && !signal.aborted) {
      this.#become('unavailable');
      await delay(this.intervalMs, undefined, { signal }).catch(() => undefined);
    }
    this.#probing = false;
    if (!signal.aborted) this.#become('available');
  }

  async #probeSucceeds(): Promise<boolean> {
    try {
      await withTimeout(this.probe(), PROBE_TIMEOUT_MS);
      return true;
    } catch {
      return false;
    }
  }

  #become(state: 'available' | 'unavailable'): void {
    const unavailable = state === 'unavailable';
    if (unavailable === this.#unavailable) return;
    this.#unavailable = unavailable;
    if (unavailable) this.#logger.warn('store unavailable; offering partitions to other instances');
    else this.#logger.log('store available again');
    this.onChange();
  }
}
