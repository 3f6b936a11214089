import { growingLruCache } from '../collections/growing-lru-cache.ts';
import { RateLimiter, type RateLimit } from './rate-limiter.ts';

/** Maximum number of keys; beyond it, the least recently used key is reset. */
const MAX_KEYS = 100_000;

/**
 * Rate limiter of one process that uses the generic cell rate algorithm: it stores one number per
 * key, the time at which the full burst will be available again.
 */
export class InMemoryRateLimiter extends RateLimiter {
  readonly #fullAt = growingLruCache<number>(MAX_KEYS);

  /** @param now the clock, in milliseconds; monotonic. */
  constructor(private readonly now: () => number = () => performance.now()) {
    super();
  }

  take(key: string, limit: RateLimit): Promise<number> {
    const now = this.now();
    const interval = limit.windowMs / limit.points;
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now) + interval;
    const waitMs = fullAt - interval * limit.burst - now;
    // Rounding must not reject the last point of a burst.
    if (waitMs > 0.001) return Promise.resolve(Math.ceil(waitMs));
    this.#fullAt.set(key, fullAt);
    return Promise.resolve(0);
  }

  refund(key: string, limit: RateLimit): Promise<void> {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#fullAt.set(key, fullAt - limit.windowMs / limit.points);
    return Promise.resolve();
  }
}
