import type { Logger } from '@nestjs/common';

const PERIOD_MS = 10_000;

/**
 * Limits the rate of log lines that clients can trigger: logs the first occurrence of a reason
 * immediately, and the occurrences of the next 10 s as one line with their `count`.
 */
export class RateLimitedLog<Reason extends string> {
  /** Number of occurrences not yet logged, by reason, for reasons in their current period. */
  readonly #suppressed = new Map<Reason, number>();

  /** @param message text of every line; the reason and the count are fields */
  constructor(
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly message: string,
    private readonly periodMs = PERIOD_MS,
  ) {}

  /** @param fields additional fields, used when this occurrence is logged separately */
  warn(reason: Reason, fields: Readonly<Record<string, unknown>> = {}): void {
    const suppressed = this.#suppressed.get(reason);
    if (suppressed !== undefined) {
      this.#suppressed.set(reason, suppressed + 1);
      return;
    }
    this.logger.warn({ reason, ...fields, count: 1 }, this.message);
    this.#suppress(reason);
  }

  #suppress(reason: Reason): void {
    this.#suppressed.set(reason, 0);
    setTimeout(() => this.#report(reason), this.periodMs).unref();
  }

  #report(reason: Reason): void {
    const count = this.#suppressed.get(reason) ?? 0;
    this.#suppressed.delete(reason);
    if (count === 0) return;
    this.logger.warn({ reason, count }, this.message);
    this.#suppress(reason);
  }
}
