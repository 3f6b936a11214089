import { Messages, RoomHead } from '@chat/contracts';
import {
  HistoryCache,
  type CacheOutcome,
  type HistoryPage,
  type MessageStore,
  type PageCursor,
} from '@chat/messages';
import { Logger } from '@nestjs/common';
import { createCache, KeyvAdapter, type Cache, type CacheManagerStore } from 'cache-manager';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import { Keyv } from 'keyv';
import { z } from 'zod';
import {
  RedisUnavailableError,
  type RedisCircuitBreaker,
} from '../connections/redis-circuit-breaker.ts';
import { ReadCoalescer } from './read-coalescer.ts';
import type { RoomRevCache } from './room-rev-cache.ts';

const PAGE_TTL_MS = 60_000;

const CachedPage = z.object({ messages: Messages, head: RoomHead });
type CachedPage = z.infer<typeof CachedPage>;

/** Receives the outcome of every page read, for metrics. */
export interface HistoryCacheObserver {
  answered(outcome: CacheOutcome): void;
}

/**
 * Caches pages of history in Redis (cache-aside). A key contains the room's rev from before the
 * page was read: a page stored under it is never older than that rev, however slow its reader was,
 * and a later rev has another key.
 *
 * While Redis is unavailable or slow, pages are read from the store, and concurrent reads of the
 * same page are coalesced.
 */
export class RedisHistoryCache extends HistoryCache {
  readonly #logger = new Logger(RedisHistoryCache.name);
  readonly #cache: Cache;
  // Coalescing per process is enough: a hot page is then read at most once by each instance.
  readonly #reads = new Map<string, Promise<CachedPage>>();
  readonly #revReads = new Map<string, Promise<number>>();
  readonly #bypassReads = new ReadCoalescer<CachedPage>();

  constructor(
    private readonly store: MessageStore,
    private readonly revs: RoomRevCache,
    private readonly breaker: RedisCircuitBreaker,
    private readonly observer: HistoryCacheObserver,
  ) {
    super();
    // Never as a raw store, which turns texts that begin with `_function_` into functions.
    // Its types, unlike its code, are those of an older cache-manager.
    const redis = redisInsStore(breaker.redis) as unknown as CacheManagerStore;
    const keyv = new Keyv({ store: new KeyvAdapter(redis), namespace: 'chat:history' });
    this.#cache = createCache({ stores: [keyv] });
  }

  async page(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage> {
    const page = await this.#read(roomId, cursor, limit);
    this.observer.answered(page.cache);
    this.#logger.debug({ roomId, cursor: cursor.kind, cache: page.cache }, 'history read');
    return page;
  }

  async #read(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage> {
    try {
      const rev = await this.#revOf(roomId);
      const key = `${rev}:${keyOf(roomId, cursor, limit)}`;
      const found = await this.#find(key);
      if (found) return { ...found, cache: 'hit' };
      const page = await this.#readCoalesced(key, rev, () =>
        this.store.page(roomId, cursor, limit),
      );
      return { ...page, cache: 'miss' };
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      const key = keyOf(roomId, cursor, limit);
      const read = () => this.store.page(roomId, cursor, limit);
      return { ...(await this.#bypassReads.read(key, read)), cache: 'bypass' };
    }
  }

  async #revOf(roomId: string): Promise<number> {
    const known = await this.revs.get(roomId);
    if (known !== undefined) return known;
    const pending = this.#revReads.get(roomId);
    if (pending) return pending;
    const reading = this.#readRev(roomId).finally(() => this.#revReads.delete(roomId));
    this.#revReads.set(roomId, reading);
    return reading;
  }

  async #readRev(roomId: string): Promise<number> {
    const heads = await this.store.heads([roomId]);
    return this.revs.advance(roomId, heads.get(roomId)?.rev ?? 0);
  }

  async #find(key: string): Promise<CachedPage | undefined> {
    const found = await this.breaker.run(() => this.#cache.get(key));
    return CachedPage.optional().catch(undefined).parse(found);
  }

  #readCoalesced(key: string, rev: number, read: () => Promise<CachedPage>): Promise<CachedPage> {
    const pending = this.#reads.get(key);
    if (pending) return pending;
    const reading = read();
    this.#reads.set(key, reading);
    // Until the page is cached: a reader with a concurrent cache miss must not read it again.
    void this.#cachePage(key, rev, reading).finally(() => this.#reads.delete(key));
    return reading;
  }

  async #cachePage(key: string, rev: number, reading: Promise<CachedPage>): Promise<void> {
    try {
      const page = await reading;
      if (page.head.rev < rev) return;
      await this.breaker.run(() => this.#cache.set(key, page, PAGE_TTL_MS));
    } catch {
      // The reader gets the error of the read; a page that is not cached is read again.
    }
  }
}

function keyOf(roomId: string, cursor: PageCursor, limit: number): string {
  const position = cursor.kind === 'newest' ? cursor.kind : `${cursor.kind}:${cursor.seq}`;
  return `${roomId}:${position}:${limit}`;
}
