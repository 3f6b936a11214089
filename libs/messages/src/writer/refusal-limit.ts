/** Most messages of a partition that may be refused within the window; one more stops the partition. */
const MOST_REFUSALS = 10;
const WINDOW_MS = 60_000;

/**
 * Stops a partition whose store refuses too many messages: the fault is in the
 * store's rules then, and everything would end among the dead letters.
 */
export class RefusalLimit {
  /** Oldest first, as `performance.now()` counts. */
  readonly #refusedAt: number[] = [];
  #stoppedUntil = -Infinity;

  /** Milliseconds until the partition may go on; 0 while it is not stopped. */
  get stoppedForMs(): number {
    return Math.max(0, Math.ceil(this.#stoppedUntil - performance.now()));
  }

  /** Counts a refusal. Returns false if it is one too many: the partition is stopped and the message is not refused. */
  admit(): boolean {
    const now = performance.now();
    const inWindow = this.#refusedAt.findIndex((at) => at > now - WINDOW_MS);
    this.#refusedAt.splice(0, inWindow < 0 ? this.#refusedAt.length : inWindow);
    const [oldest] = this.#refusedAt;
    if (oldest !== undefined && this.#refusedAt.length >= MOST_REFUSALS) {
      this.#stoppedUntil = oldest + WINDOW_MS;
      return false;
    }
    this.#refusedAt.push(now);
    return true;
  }
}
