import { growingLruCache } from './growing-lru-cache.ts';
import { RateLimiter, type RateLimit } from './rate-limiter.ts';

/** Most keys counted at once; beyond it the one that was quiet for longest starts afresh. */
const MAX_KEYS = 100_000;

/**
 * Rate limits of one process, by the generic cell rate algorithm: all that is
 * kept of a key is the time at which its burst will be whole again.
 */
export class InMemoryRateLimiter extends RateLimiter {
  private readonly wholeAt = growingLruCache<number>(MAX_KEYS);

  /** @param now the clock, in milliseconds; monotonic. */
  constructor(private readonly now: () => number = () => performance.now()) {
    super();
  }

  take(key: string, limit: RateLimit): Promise<number> {
    const now = this.now();
    const interval = limit.perMs / limit.points;
    const wholeAt = Math.max(this.wholeAt.get(key) ?? now, now) + interval;
    const waitMs = wholeAt - interval * limit.burst - now;
    // Rounding must not refuse the last point of a burst.
    if (waitMs > 0.001) return Promise.resolve(Math.ceil(waitMs));
    this.wholeAt.set(key, wholeAt);
    return Promise.resolve(0);
  }

  giveBack(key: string, limit: RateLimit): Promise<void> {
    const wholeAt = this.wholeAt.get(key);
    if (wholeAt !== undefined) this.wholeAt.set(key, wholeAt - limit.perMs / limit.points);
    return Promise.resolve();
  }
}
