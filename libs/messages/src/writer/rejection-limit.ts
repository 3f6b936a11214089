/** Maximum number of rejected messages per partition and window; one more stops the partition. */
const MAX_REJECTIONS = 10;
const WINDOW_MS = 60_000;

/**
 * Stops a partition when the store rejects too many of its messages: then a rule of the store is
 * wrong, and every message would become a dead letter.
 */
export class RejectionLimit {
  /** Times of recent rejections, oldest first, in `performance.now()` time. */
  readonly #rejectedAt: number[] = [];
  #stoppedUntil = -Infinity;

  /** Milliseconds until the partition continues; 0 while it is not stopped. */
  get stoppedForMs(): number {
    return Math.max(0, Math.ceil(this.#stoppedUntil - performance.now()));
  }

  /** Counts a rejection. Returns false, and stops the partition, if the limit is exceeded. */
  admit(): boolean {
    const now = performance.now();
    const inWindow = this.#rejectedAt.findIndex((time) => time > now - WINDOW_MS);
    this.#rejectedAt.splice(0, inWindow < 0 ? this.#rejectedAt.length : inWindow);
    const [oldest] = this.#rejectedAt;
    if (oldest !== undefined && this.#rejectedAt.length >= MAX_REJECTIONS) {
      this.#stoppedUntil = oldest + WINDOW_MS;
      return false;
    }
    this.#rejectedAt.push(now);
    return true;
  }
}
