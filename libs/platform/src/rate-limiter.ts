/** A sustained rate with room for a burst. */
export interface RateLimit {
  /** Allowed per `perMs`, for ever. */
  readonly points: number;
  readonly perMs: number;
  /** Allowed at once by someone who was quiet; at least `points`. */
  readonly burst: number;
}

/** Counts by key (`send:USER`, `sign-in:ADDRESS`), over all instances where they share a counter. */
export abstract class RateLimiter {
  /**
   * Takes one point.
   *
   * @returns 0 when it was free to take, else the milliseconds until one is.
   */
  abstract take(key: string, limit: RateLimit): Promise<number>;
  /** Gives a point back that was taken for something that turned out not to count. */
  abstract giveBack(key: string, limit: RateLimit): Promise<void>;
}
