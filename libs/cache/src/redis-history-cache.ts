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
import { RedisAwayError, type PromptRedis } from './prompt-redis.ts';
import type { RoomRevs } from './room-revs.ts';
import { SharedReads } from './shared-reads.ts';

const PAGE_TTL_MS = 60_000;

const CachedPage = z.object({ messages: Messages, head: RoomHead });
type CachedPage = z.infer<typeof CachedPage>;

/** Told of every page that was read; for metrics. */
export interface HistoryCacheObserver {
  answered(outcome: CacheOutcome): void;
}

/**
 * Pages of history, cache-aside in Redis. A key carries the room's rev as it was
 * before the page was read: what is stored under it is never older than that rev,
 * however slow its reader was, and a key of a later rev is another key.
 *
 * While Redis is away or slow pages come straight from the store, and those who
 * ask for the same page together share a read.
 */
export class RedisHistoryCache extends HistoryCache {
  readonly #logger = new Logger(RedisHistoryCache.name);
  readonly #cache: Cache;
  // Per process is enough: a hot page is then read at most once by each of a few instances.
  readonly #reads = new Map<string, Promise<CachedPage>>();
  readonly #revReads = new Map<string, Promise<number>>();
  readonly #directReads = new SharedReads<CachedPage>();

  constructor(
    private readonly store: MessageStore,
    private readonly revs: RoomRevs,
    private readonly prompt: PromptRedis,
    private readonly observer: HistoryCacheObserver,
  ) {
    super();
    // Never as a raw store: that one turns texts which begin with `_function_` into functions.
    // Its types, unlike itself, are those of an older cache-manager.
    const redis = redisInsStore(prompt.redis) as unknown as CacheManagerStore;
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
      const page = await this.#readOnce(key, rev, () => this.store.page(roomId, cursor, limit));
      return { ...page, cache: 'miss' };
    } catch (error) {
      if (!(error instanceof RedisAwayError)) throw error;
      const key = keyOf(roomId, cursor, limit);
      const read = () => this.store.page(roomId, cursor, limit);
      return { ...(await this.#directReads.read(key, read)), cache: 'bypass' };
    }
  }

  async #revOf(roomId: string): Promise<number> {
    const known = await this.revs.known(roomId);
    if (known !== undefined) return known;
    const underway = this.#revReads.get(roomId);
    if (underway) return underway;
    const reading = this.#readRev(roomId).finally(() => this.#revReads.delete(roomId));
    this.#revReads.set(roomId, reading);
    return reading;
  }

  async #readRev(roomId: string): Promise<number> {
    const heads = await this.store.heads([roomId]);
    return this.revs.advance(roomId, heads.get(roomId)?.rev ?? 0);
  }

  async #find(key: string): Promise<CachedPage | undefined> {
    const found = await this.prompt.ask(() => this.#cache.get(key));
    return CachedPage.optional().catch(undefined).parse(found);
  }

  #readOnce(key: string, rev: number, read: () => Promise<CachedPage>): Promise<CachedPage> {
    const underway = this.#reads.get(key);
    if (underway) return underway;
    const reading = read();
    this.#reads.set(key, reading);
    // Until it is kept, or somebody who missed it a moment ago would read it again.
    void this.#keep(key, rev, reading).finally(() => this.#reads.delete(key));
    return reading;
  }

  async #keep(key: string, rev: number, reading: Promise<CachedPage>): Promise<void> {
    try {
      const page = await reading;
      if (page.head.rev < rev) return;
      await this.prompt.ask(() => this.#cache.set(key, page, PAGE_TTL_MS));
    } catch {
      // Whoever reads hears of it; what is not kept is read again.
    }
  }
}

function keyOf(roomId: string, cursor: PageCursor, limit: number): string {
  const position = cursor.kind === 'newest' ? cursor.kind : `${cursor.kind}:${cursor.seq}`;
  return `${roomId}:${position}:${limit}`;
}
