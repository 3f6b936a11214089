/** Timers that are set to more fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Growing, random waits between attempts, so that many clients do not retry in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  /**
   * @param firstMs the first wait, give or take a half
   * @param maxMs the longest wait, unless the server asks for more
   */
  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /**
   * The next wait in milliseconds: doubled each time up to the maximum, and anywhere between a
   * third of that and all of it. Never shorter than `atLeastMs`, which is what the server asked
   * for: then spread above it, over half of it or as far as the wait has grown.
   */
  next(atLeastMs = 0): number {
    const grownMs = Math.min(this.#maxMs, this.#firstMs * 1.5 * 2 ** this.#attempts);
    this.#attempts += 1;
    const earliest = Math.max(atLeastMs, grownMs / 3);
    const latest = Math.max(atLeastMs * 1.5, grownMs);
    return Math.min(MAX_TIMER_MS, earliest + Math.random() * (latest - earliest));
  }

  /** The next wait is a first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}

/** Resolves after the time, or as soon as the signal is aborted. */
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
