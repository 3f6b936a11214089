import { InMemoryRateLimiter, RateLimiter, type RateLimit } from '@chat/platform/limits';
import type { Redis } from 'ioredis';
import {
  RedisUnavailableError,
  type RedisCircuitBreaker,
} from '../connections/redis-circuit-breaker.ts';

/**
 * The generic cell rate algorithm of InMemoryRateLimiter, with the clock of Redis.
 * KEYS: the limited key. ARGV: milliseconds per point, points per burst.
 * Returns the milliseconds to wait. The tolerance of 0.01 ms is for rounding errors, which must not
 * reject the last point of a burst.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local interval = tonumber(ARGV[1])
local known = tonumber(redis.call('GET', KEYS[1]) or now)
local whole_at = math.max(known, now) + interval
local wait = whole_at - interval * ARGV[2] - now
if wait > 0.01 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.17g', whole_at), 'PX', math.ceil(whole_at - now))
return 0
`;

/** KEYS: the limited key. ARGV: milliseconds per point. An expired key has its full burst. */
const REFUND = `
local known = redis.call('GET', KEYS[1])
if not known then return end
redis.call('SET', KEYS[1], string.format('%.17g', known - ARGV[1]), 'KEEPTTL')
`;

interface Commands {
  takePoint(key: string, interval: number, burst: number): Promise<number>;
  refundPoint(key: string, interval: number): Promise<null>;
}

/**
 * Rate limiter that all instances share. While Redis is unavailable or slow, each instance applies
 * the limits on its own, starting with full bursts.
 */
export class RedisRateLimiter extends RateLimiter {
  readonly #commands: Commands;
  readonly #fallback = new InMemoryRateLimiter();

  constructor(private readonly breaker: RedisCircuitBreaker) {
    super();
    const { redis } = breaker;
    redis.defineCommand('takePoint', { numberOfKeys: 1, lua: TAKE });
    redis.defineCommand('refundPoint', { numberOfKeys: 1, lua: REFUND });
    this.#commands = redis as Redis & Commands;
  }

  take(key: string, limit: RateLimit): Promise<number> {
    return this.#withFallback(
      () => this.#commands.takePoint(keyOf(key), intervalOf(limit), limit.burst),
      () => this.#fallback.take(key, limit),
    );
  }

  refund(key: string, limit: RateLimit): Promise<void> {
    return this.#withFallback(
      async () => void (await this.#commands.refundPoint(keyOf(key), intervalOf(limit))),
      () => this.#fallback.refund(key, limit),
    );
  }

  async #withFallback<T>(shared: () => Promise<T>, fallback: () => Promise<T>): Promise<T> {
    try {
      return await this.breaker.run(shared);
    } catch (error) {
      if (error instanceof RedisUnavailableError) return fallback();
      throw error;
    }
  }
}

function keyOf(key: string): string {
  return `chat:limit:${key}`;
}

/** Milliseconds per point. */
function intervalOf({ points, windowMs }: RateLimit): number {
  return windowMs / points;
}
