import type { RoomChange } from '@chat/messages';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { RedisCircuitBreaker } from '../connections/redis-circuit-breaker.ts';

/** Lifetime of a cached rev. It is then reloaded from the store, which repairs a lost advance. */
const EXPIRES_MS = 10_000;

/**
 * Raises a rev. KEYS: the room's rev. ARGV: a rev, its lifetime in milliseconds. Returns the
 * higher rev.
 */
const ADVANCE = `
local known = tonumber(redis.call('GET', KEYS[1]) or -1)
if tonumber(ARGV[1]) <= known then return known end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return tonumber(ARGV[1])
`;

interface Commands {
  advanceRev(key: string, rev: number, expiresMs: number): Promise<number>;
}

/** Caches the revs of rooms in Redis for all instances. A rev only grows, until it expires. */
export class RoomRevCache {
  readonly #logger = new Logger(RoomRevCache.name);
  readonly #commands: Redis & Commands;
  #isFailing = false;

  constructor(private readonly breaker: RedisCircuitBreaker) {
    breaker.redis.defineCommand('advanceRev', { numberOfKeys: 1, lua: ADVANCE });
    this.#commands = breaker.redis as Redis & Commands;
  }

  /**
   * Returns the cached rev of a room; undefined on a cache miss.
   *
   * @throws RedisUnavailableError
   */
  async get(roomId: string): Promise<number | undefined> {
    const rev = await this.breaker.run(() => this.#commands.get(keyOf(roomId)));
    return rev === null ? undefined : Number(rev);
  }

  /**
   * Raises the cached rev of a room to `rev`, if it is lower, and returns the higher one.
   *
   * @throws RedisUnavailableError
   */
  advance(roomId: string, rev: number): Promise<number> {
    return this.breaker.run(() => this.#commands.advanceRev(keyOf(roomId), rev, EXPIRES_MS));
  }

  /**
   * Raises the cached rev of a room after a change. Sends it immediately, even while the circuit
   * breaker is open: a client that receives the change, which is published next over the same
   * connection, also finds it in the history. A lost advance is repaired when the rev expires.
   */
  announce(roomId: string, changes: readonly RoomChange[]): void {
    const last = changes.at(-1);
    if (!last) return;
    this.#commands.advanceRev(keyOf(roomId), last.rev, EXPIRES_MS).then(
      () => this.#recordSuccess(),
      (error: unknown) => this.#recordFailure(error),
    );
  }

  #recordSuccess(): void {
    if (this.#isFailing) this.#logger.log('history cache invalidation works again');
    this.#isFailing = false;
  }

  #recordFailure(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const reason = error instanceof Error ? error.message : 'Redis is unavailable';
    this.#logger.warn({ reason }, 'history cache invalidation failed; cached revs expire');
  }
}

function keyOf(roomId: string): string {
  return `chat:rev:${roomId}`;
}
