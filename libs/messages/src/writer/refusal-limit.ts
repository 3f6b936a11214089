/** Most refused messages of a partition within the window; one more stops the partition. */
const MAX_REFUSALS = 10;
const WINDOW_MS = 60_000;

/**
 * Stops a partition whose store refuses too many messages: then a rule of the store is
 * wrong, and every message would become a dead letter.
 */
export class RefusalLimit {
  /** Times of recent refusals, oldest first, in `performance.now()` time. */
  readonly #refusedAt: number[] = [];
  #stoppedUntil = -Infinity;

  /** Milliseconds until the partition continues; 0 while it is not stopped. */
  get stoppedForMs(): number {
    return Math.max(0, Math.ceil(this.#stoppedUntil - performance.now()));
  }

  /** Counts a refusal. Returns false, and stops the partition, if the limit is exceeded. */
  admit(): boolean {
    const now = performance.now();
    const inWindow = this.#refusedAt.findIndex((at) => at > now - WINDOW_MS);
    this.#refusedAt.splice(0, inWindow < 0 ? this.#refusedAt.length : inWindow);
    const [oldest] = this.#refusedAt;
    if (oldest !== undefined && this.#refusedAt.length >= MAX_REFUSALS) {
      this.#stoppedUntil = oldest + WINDOW_MS;
      return false;
    }
    this.#refusedAt.push(now);
    return true;
  }
}
