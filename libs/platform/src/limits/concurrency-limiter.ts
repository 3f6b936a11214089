import type { UnavailableError } from '../failures/failures.ts';

/** Limits how many tasks run concurrently; rejects further tasks when its queue is full. */
export class ConcurrencyLimiter {
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(
    private readonly limits: { readonly concurrent: number; readonly waiting: number },
    private readonly createError: () => UnavailableError,
  ) {}

  /** @throws UnavailableError immediately when the queue is full. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.limits.concurrent) {
      if (this.#queue.length >= this.limits.waiting) throw this.createError();
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await task();
    } finally {
      // Passes the slot to the next task, so that a task that arrives now cannot take it.
      const next = this.#queue.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
