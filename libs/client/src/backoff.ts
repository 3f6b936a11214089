/** Growing, jittered delays between attempts, so that many clients do not retry in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /**
   * The next delay in milliseconds: doubled each time up to the maximum, give or take a half.
   * Never shorter than `atLeastMs`, which is what the server asked for.
   */
  next(atLeastMs = 0): number {
    const delay = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#attempts);
    this.#attempts += 1;
    const jittered = delay * (0.5 + Math.random());
    return atLeastMs > 0 ? atLeastMs + Math.min(jittered, atLeastMs) / 2 : jittered;
  }

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
