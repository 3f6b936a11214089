/** Longest delay that `setTimeout` supports; a longer one fires immediately. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Exponential backoff with jitter, so that many clients do not retry in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  /**
   * @param firstMs first wait in milliseconds, ± 50 %
   * @param maxMs longest wait in milliseconds, unless the server requests a longer one
   */
  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /**
   * Returns the next wait in milliseconds: doubled on each call up to the maximum, and random
   * between a third of that value and all of it. Never shorter than `atLeastMs`, the wait that the
   * server requested: the result is then spread between `atLeastMs` and the larger of
   * 1.5 × `atLeastMs` and the doubled wait.
   */
  next(atLeastMs = 0): number {
    const grownMs = Math.min(this.#maxMs, this.#firstMs * 1.5 * 2 ** this.#attempts);
    this.#attempts += 1;
    const earliest = Math.max(atLeastMs, grownMs / 3);
    const latest = Math.max(atLeastMs * 1.5, grownMs);
    return Math.min(MAX_TIMER_MS, earliest + Math.random() * (latest - earliest));
  }

  /** Restarts with the first wait. */
  reset(): void {
    this.#attempts = 0;
  }
}

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
