import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Message, RoomHead } from '@chat/contracts';
import type { CacheOutcome, FeedPublisher, MessageStore, PageCursor } from '@chat/messages';
import { eventually, RedisServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisCircuitBreaker } from '../connections/redis-circuit-breaker.ts';
import { RedisHistoryCache } from './redis-history-cache.ts';
import { RoomRevCache } from './room-rev-cache.ts';

Logger.overrideLogger(false);

const NEWEST: PageCursor = { kind: 'newest' };
/** For a healthy Redis, which may be slow on a busy machine. */
const LONG_TIMEOUT_MS = 5_000;

/** Fake store with one room; a page is its newest messages, regardless of the cursor. */
class Store {
  readonly messages: Message[] = [];
  pageReads = 0;
  headReads = 0;
  /** Delays each page read until it resolves. */
  gate: Promise<void> = Promise.resolve();

  store(text: string): Message {
    const position = this.messages.length + 1;
    const message: Message = {
      id: String(position).padStart(22, '0'),
      roomId: 'general',
      seq: position,
      rev: position,
      userId: 'u1',
      username: 'ann',
      text,
      timestamp: '2026-01-01T00:00:00.000Z',
    };
    this.messages.push(message);
    return message;
  }

  newerRevs(): Promise<never> {
    return Promise.reject(new Error('not used by the cache'));
  }
  heads(): Promise<Map<string, RoomHead>> {
    this.headReads += 1;
    return Promise.resolve(new Map([['general', this.#head()]]));
  }

  async page(
    _roomId: string,
    _cursor: PageCursor,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }> {
    this.pageReads += 1;
    await this.gate;
    return { messages: this.messages.slice(-limit), head: this.#head() };
  }

  #head(): RoomHead {
    return { roomId: 'general', seq: this.messages.length, rev: this.messages.length };
  }
}

describeWithProgram('redis-server', 'RedisHistoryCache', () => {
  let server: RedisServer;
  let connections: Redis[];
  let store: Store;
  let outcomes: CacheOutcome[];
  let cache: RedisHistoryCache;
  let feed: FeedPublisher;
  let warned: jest.SpiedFunction<Logger['warn']>;

  beforeEach(async () => {
    warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
    server = await RedisServer.start();
    connections = [];
    store = new Store();
    outcomes = [];
    ({ cache, feed } = await instance(LONG_TIMEOUT_MS));
  });

  afterEach(async () => {
    for (const connection of connections) connection.disconnect();
    await server.close();
    jest.restoreAllMocks();
  });

  /**
   * Creates the cache components of one `messages` process.
   *
   * @param timeoutMs omit for the default timeout when Redis will be unavailable
   */
  async function instance(
    timeoutMs?: number,
  ): Promise<{ cache: RedisHistoryCache; feed: FeedPublisher }> {
    const redis = new Redis(server.url, {
      enableOfflineQueue: false,
      retryStrategy: () => 50,
      // ioredis waits for the close of a connection that is closed already, and Jest waits for it.
      disconnectTimeout: 100,
    });
    redis.on('error', () => undefined);
    connections.push(redis);
    await eventually(() => expect(redis.status).toBe('ready'));
    const breaker = new RedisCircuitBreaker(redis, timeoutMs);
    const revs = new RoomRevCache(breaker);
    const observer = { onPageRead: (outcome: CacheOutcome) => void outcomes.push(outcome) };
    return {
      cache: new RedisHistoryCache(store as unknown as MessageStore, revs, breaker, observer),
      feed: {
        publish: (roomId, changes) => {
          revs.announce(roomId, changes);
          void redis.publish('stored', roomId).catch(() => undefined);
        },
      },
    };
  }

  /** Stores a message as the writer does: announces it to the cache after the commit. */
  function write(text: string): void {
    announce(store.store(text));
  }

  function announce(message: Message): void {
    feed.publish('general', [{ roomId: 'general', rev: message.rev, message }]);
  }

  async function texts(reader = cache, cursor = NEWEST): Promise<string[]> {
    return (await reader.page('general', cursor, 50)).messages.map(({ text }) => text);
  }

  it('reads a page from the store once for all instances', async () => {
    write('one');
    const other = await instance(LONG_TIMEOUT_MS);
    expect(await texts()).toEqual(['one']);
    await eventually(async () => {
      expect((await cache.page('general', NEWEST, 50)).cache).toBe('hit');
    });
    expect(await other.cache.page('general', NEWEST, 50)).toEqual({
      messages: store.messages,
      head: { roomId: 'general', seq: 1, rev: 1 },
      cache: 'hit',
    });
    expect(store.pageReads).toBe(1);
    expect(outcomes.slice(0, 2)).toEqual(['miss', 'hit']);
  });

  it('serves a message as soon as it is published to the feed', async () => {
    const other = await instance(LONG_TIMEOUT_MS);
    for (let count = 1; count <= 20; count += 1) {
      write(`message ${count}`);
      expect(await texts()).toHaveLength(count);
    }
    await eventually(async () => expect(await texts(other.cache)).toHaveLength(20));
  });

  it('serves a message in every instance once the feed has delivered it, even after a Redis timeout', async () => {
    const other = await instance(LONG_TIMEOUT_MS);
    ({ cache, feed } = await instance());
    write('one');
    await texts(other.cache);
    await eventually(async () => {
      expect((await other.cache.page('general', NEWEST, 50)).cache).toBe('hit');
    });
    const edge = new Redis(server.url);
    connections.push(edge);
    await edge.subscribe('stored');
    await connections[1]?.client('PAUSE', 200);
    expect((await cache.page('general', NEWEST, 50)).cache).toBe('bypass');
    // Responds once the pause is over.
    await edge.ping();
    const notified = once(edge, 'message');
    write('two');
    await notified;
    expect(await texts(other.cache)).toEqual(['one', 'two']);
  });

  it('caches pages of different cursors and limits separately', async () => {
    for (const text of ['one', 'two', 'three']) write(text);
    await texts();
    const pages: [PageCursor, number][] = [
      [{ kind: 'before', seq: 2 }, 50],
      [{ kind: 'after', seq: 2 }, 50],
      [{ kind: 'around', seq: 2 }, 50],
      [{ kind: 'around', seq: 3 }, 50],
      [NEWEST, 2],
    ];
    for (const [cursor, limit] of pages) {
      expect((await cache.page('general', cursor, limit)).cache).toBe('miss');
    }
    expect((await cache.page('general', NEWEST, 2)).messages).toHaveLength(2);
  });

  it('does not cache the stale page of a reader that was slower than a write', async () => {
    write('one');
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = await instance(LONG_TIMEOUT_MS);
    const page = store.page.bind(store);
    // Delays the reader after it has read the page, before it caches the page.
    jest.spyOn(store, 'page').mockImplementationOnce(async (...query) => {
      const read = await page(...query);
      await promise;
      return read;
    });
    const old = texts(slow.cache);
    await eventually(() => expect(store.pageReads).toBe(1));
    write('two');
    expect(await texts()).toEqual(['one', 'two']);
    resolve();
    expect(await old).toEqual(['one']);
    await delay(50);
    expect(await texts(slow.cache)).toEqual(['one', 'two']);
    expect(await texts()).toEqual(['one', 'two']);
  });

  it('coalesces 100 concurrent cache misses into one read of the store', async () => {
    store.store('one');
    const { promise, resolve } = Promise.withResolvers<void>();
    store.gate = promise;
    const readers = Array.from({ length: 100 }, () => texts());
    await eventually(() => expect(store.pageReads).toBe(1));
    resolve();
    expect(new Set((await Promise.all(readers)).flat())).toEqual(new Set(['one']));
    expect([store.headReads, store.pageReads]).toEqual([1, 1]);
  });

  it('expires a cached rev within 10 s, and then serves a message that was not announced', async () => {
    write('one');
    await texts();
    store.store('two');
    expect(await texts()).toEqual(['one']);
    const [redis] = connections;
    expect(await redis?.pttl('chat:rev:general')).toBeLessThanOrEqual(10_000);
    await redis?.pexpire('chat:rev:general', 1);
    await eventually(async () => expect(await texts()).toEqual(['one', 'two']));
    for (const key of (await redis?.keys('chat:history*')) ?? []) {
      expect(await redis?.pttl(key)).toBeGreaterThan(0);
      expect(await redis?.pttl(key)).toBeLessThanOrEqual(60_000);
    }
  });

  it('keeps the highest rev when an older one is announced late', async () => {
    const [first, second] = [store.store('one'), store.store('two')];
    announce(second);
    announce(first);
    await texts();
    expect(await connections[0]?.get('chat:rev:general')).toBe('2');
  });

  it('returns texts that look like encoded values unchanged', async () => {
    const specialTexts = [
      '_function_foo|function(){}',
      '_undefined_',
      ':base64:aGk=',
      '_symbol_x',
      '{"',
    ];
    for (const text of specialTexts) write(text);
    await texts();
    await eventually(async () => {
      const page = await cache.page('general', NEWEST, 50);
      expect(page.cache).toBe('hit');
      expect(page.messages).toEqual(store.messages);
    });
  });

  it('treats a corrupt entry as a cache miss', async () => {
    write('one');
    await texts();
    const [redis] = connections;
    const key = await waitForOneKey();
    await redis?.set(key, '"{\\"value\\":{\\"messages\\":[1]}}"');
    expect((await cache.page('general', NEWEST, 50)).cache).toBe('miss');
    await redis?.set(key, 'not JSON');
    expect((await cache.page('general', NEWEST, 50)).messages).toEqual(store.messages);
  });

  async function waitForOneKey(): Promise<string> {
    let key = '';
    await eventually(async () => {
      const keys = (await connections[0]?.keys('*:1:general:newest:50')) ?? [];
      expect(keys).toHaveLength(1);
      key = keys[0] ?? '';
    });
    return key;
  }

  it('bypasses a frozen or killed Redis, logs the outage once, and serves hits after the restart', async () => {
    ({ cache, feed } = await instance());
    write('one');
    await server.process.freeze();
    expect(await texts()).toEqual(['one']);
    // One command per second probes Redis; the others fail without waiting for it.
    const [, redis] = connections;
    const sent = redis && jest.spyOn(redis, 'sendCommand');
    for (let count = 0; count < 20; count += 1) await texts();
    expect(sent?.mock.calls.length).toBeLessThan(5);
    expect(outcomes).toEqual(Array.from({ length: 21 }, () => 'bypass'));
    await server.process.kill();
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + 1_100);
    write('two');
    expect(await texts()).toEqual(['one', 'two']);
    write('three');
    expect(await texts()).toHaveLength(3);
    expect(warned.mock.calls).toEqual([
      [
        expect.objectContaining({ dependency: 'Redis' }),
        expect.stringContaining('circuit breaker opened'),
      ],
      [expect.anything(), expect.stringContaining('history cache invalidation failed')],
    ]);
    await server.process.start();
    await eventually(async () => {
      expect((await cache.page('general', NEWEST, 50)).cache).toBe('hit');
    });
  });

  it('coalesces reads of the store while Redis is down, and serves no stale pages', async () => {
    await server.process.kill();
    write('one');
    await texts();
    const before = store.pageReads;
    const { promise, resolve } = Promise.withResolvers<void>();
    store.gate = promise;
    const first = texts();
    await eventually(() => expect(store.pageReads).toBe(before + 1));
    write('two');
    const later = Array.from({ length: 100 }, () => texts());
    // Until all of them are waiting for the first read to finish.
    await delay(50);
    resolve();
    await first;
    expect(new Set((await Promise.all(later)).map(String))).toEqual(new Set(['one,two']));
    expect(store.pageReads).toBe(before + 2);
    expect(await texts()).toEqual(['one', 'two']);
  });
});
