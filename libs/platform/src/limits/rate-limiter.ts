/** Sustained rate and burst of a rate limit. */
export interface RateLimit {
  /** Number allowed per `perMs`, sustained. */
  readonly points: number;
  readonly perMs: number;
  /** Number allowed at once after a pause; at least `points`. */
  readonly burst: number;
}

/** Limits rates by key (`send:USER`, `sign-in:ADDRESS`), across instances that share a store. */
export abstract class RateLimiter {
  /**
   * Takes one point.
   *
   * @returns 0 when a point was available, else the milliseconds until one is
   */
  abstract take(key: string, limit: RateLimit): Promise<number>;
  /** Returns a point that was taken for an operation that does not count. */
  abstract refund(key: string, limit: RateLimit): Promise<void>;
}
