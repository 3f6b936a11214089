/** Sustained rate and burst of a rate limit. */
export interface RateLimit {
  /** Sustained number of operations allowed per `windowMs`. */
  readonly points: number;
  /** Interval in milliseconds. */
  readonly windowMs: number;
  /** Maximum number of operations allowed back to back after a pause; at least `points`. */
  readonly burst: number;
}

/** Returns a rate limit per second, whose burst is at least the sustained rate. */
export function perSecond(points: number, burst: number): RateLimit {
  return { points, windowMs: 1_000, burst: Math.max(points, burst) };
}

/**
 * Rate limiter with one limit per key (`send:USER`, `sign-in:ADDRESS`), shared by all instances
 * that use the same store.
 */
export abstract class RateLimiter {
  /**
   * Takes one point.
   *
   * @returns 0 when a point was available, else the milliseconds until one is
   */
  abstract take(key: string, limit: RateLimit): Promise<number>;
  /** Gives back a point that was taken for an operation that should not count. */
  abstract refund(key: string, limit: RateLimit): Promise<void>;
}
