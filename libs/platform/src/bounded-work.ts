import type { UnavailableError } from './failures.ts';

/** Runs work a few at a time; what comes when too much waits already is refused. */
export class BoundedWork {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly limits: { readonly concurrent: number; readonly waiting: number },
    private readonly refusal: () => UnavailableError,
  ) {}

  /** @throws UnavailableError at once when the queue is full. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running >= this.limits.concurrent) {
      if (this.waiting.length >= this.limits.waiting) throw this.refusal();
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running += 1;
    }
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody who comes now can take it.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
