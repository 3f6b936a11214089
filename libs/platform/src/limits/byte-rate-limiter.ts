import { growingLruCache } from '../collections/growing-lru-cache.ts';

/** Maximum number of users; beyond it, the least recently used user is reset. */
const MAX_USERS = 10_000;

/** Leaky bucket of a user. */
interface Bucket {
  readonly bytes: number;
  /** By `performance.now()`. */
  readonly updatedAt: number;
}

/**
 * Limits the bytes that each user reads to a rate and a burst, with a leaky bucket per user: bytes
 * read fill it, and it drains at the rate. A user whose bucket exceeds the burst must wait.
 */
export class ByteRateLimiter {
  readonly #buckets = growingLruCache<Bucket>(MAX_USERS);

  constructor(
    private readonly bytesPerSecond: number,
    private readonly burstBytes: number,
  ) {}

  /** Returns the milliseconds until the user may read again; 0 when a read is allowed now. */
  waitMs(userId: string): number {
    const excess = this.#levelOf(userId) - this.burstBytes;
    return excess <= 0 ? 0 : Math.ceil((excess / this.bytesPerSecond) * 1_000);
  }

  /**
   * Adds bytes to the user's bucket.
   *
   * @param bytes negative for bytes that were charged but not read
   */
  charge(userId: string, bytes: number): void {
    const level = Math.max(0, this.#levelOf(userId) + bytes);
    this.#buckets.set(userId, { bytes: level, updatedAt: performance.now() });
  }

  #levelOf(userId: string): number {
    const bucket = this.#buckets.get(userId);
    if (!bucket) return 0;
    const drained = ((performance.now() - bucket.updatedAt) / 1_000) * this.bytesPerSecond;
    return Math.max(0, bucket.bytes - drained);
  }
}
