import { RoomHead } from '@chat/contracts';
import {
  HistoryCache,
  StoredMessage,
  type CacheOutcome,
  type HistoryPage,
  type MessageStore,
  type PageCursor,
} from '@chat/messages';
import { CallCoalescer } from '@chat/platform/collections';
import { Logger } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { z } from 'zod';
import {
  RedisUnavailableError,
  type RedisCircuitBreaker,
} from '../connections/redis-circuit-breaker.ts';
import { createRedisCache } from './redis-cache.ts';
import type { RoomRevCache } from './room-rev-cache.ts';

const PAGE_TTL_MS = 60_000;

const CachedPage: z.ZodType<Pick<HistoryPage, 'messages' | 'head'>> = z.object({
  messages: z.array(StoredMessage),
  head: RoomHead,
});
type CachedPage = z.infer<typeof CachedPage>;

/** Receives the outcome of every page read, for metrics. */
export interface HistoryCacheObserver {
  onPageRead(outcome: CacheOutcome): void;
}

/**
 * Caches pages of history in Redis (cache-aside). A key contains the room's rev from before the
 * page was read: a page stored under it is never older than that rev, even if the read that filled
 * it was slow. Once the rev advances, a different key is used.
 *
 * While Redis is unavailable or slow, pages are read from the store, and concurrent reads of the
 * same page are coalesced.
 */
export class RedisHistoryCache extends HistoryCache {
  readonly #logger = new Logger(RedisHistoryCache.name);
  readonly #cache: Cache;
  // Coalescing per process is enough: a hot page is then read at most once by each instance.
  readonly #reads = new CallCoalescer<CachedPage>();
  readonly #revReads = new CallCoalescer<number>();
  readonly #bypassReads = new CallCoalescer<CachedPage>();

  constructor(
    private readonly store: MessageStore,
    private readonly revs: RoomRevCache,
    private readonly breaker: RedisCircuitBreaker,
    private readonly observer: HistoryCacheObserver,
  ) {
    super();
    this.#cache = createRedisCache(breaker.redis, 'chat:history');
  }

  async page(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage> {
    const page = await this.#read(roomId, cursor, limit);
    this.observer.onPageRead(page.cache);
    this.#logger.debug({ roomId, cursor: cursor.kind, cache: page.cache }, 'history read');
    return page;
  }

  async #read(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage> {
    try {
      const rev = await this.#revOf(roomId);
      const key = `${rev}:${keyOf(roomId, cursor, limit)}`;
      const found = await this.#find(key);
      if (found) return { ...found, cache: 'hit' };
      const page = await this.#reads.joinInFlight(
        key,
        () => this.store.page(roomId, cursor, limit),
        // The result is shared until it is cached, so that a concurrent cache miss does not read
        // the page again.
        (read) => this.#cachePage(key, rev, read),
      );
      return { ...page, cache: 'miss' };
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      const key = keyOf(roomId, cursor, limit);
      const read = () => this.store.page(roomId, cursor, limit);
      // Without a rev in the key, a read in flight may predate this request and miss newer
      // messages, so it must not be shared.
      return { ...(await this.#bypassReads.queueNext(key, read)), cache: 'bypass' };
    }
  }

  async #revOf(roomId: string): Promise<number> {
    const known = await this.revs.get(roomId);
    if (known !== undefined) return known;
    return this.#revReads.joinInFlight(roomId, () => this.#readRev(roomId));
  }

  async #readRev(roomId: string): Promise<number> {
    const heads = await this.store.heads([roomId]);
    return this.revs.advance(roomId, heads.get(roomId)?.rev ?? 0);
  }

  async #find(key: string): Promise<CachedPage | undefined> {
    const found = await this.breaker.run(() => this.#cache.get(key));
    return CachedPage.optional().catch(undefined).parse(found);
  }

  async #cachePage(key: string, rev: number, page: CachedPage): Promise<void> {
    if (page.head.rev < rev) return;
    await this.breaker.run(() => this.#cache.set(key, page, PAGE_TTL_MS));
  }
}

function keyOf(roomId: string, cursor: PageCursor, limit: number): string {
  const position = cursor.kind === 'newest' ? cursor.kind : `${cursor.kind}:${cursor.seq}`;
  return `${roomId}:${position}:${limit}`;
}
