import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import type { RoomChange } from '@chat/messages';
import { eventually, FaultProxy, RedisServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { feedChannelOf } from './feed-channel.ts';
import { connectRedis } from '../connections/redis-connection.ts';
import { RedisFeedPublisher } from './redis-feed-publisher.ts';
import { RedisFeedSubscriber } from './redis-feed-subscriber.ts';

Logger.overrideLogger(false);

function message(roomId: string, rev: number, text = `message ${rev}`): Message {
  return {
    id: String(rev).padStart(22, '0'),
    roomId,
    seq: rev,
    rev,
    userId: 'u1',
    username: 'ann',
    text,
    timestamp: '2026-01-01T00:00:00.000Z',
  };
}

const created = (roomId: string, rev: number, text?: string): RoomChange => ({
  roomId,
  rev,
  message: message(roomId, rev, text),
});

describeWithProgram('redis-server', 'the Redis feed', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let writers: Redis;
  let publisher: RedisFeedPublisher;
  let edges: Redis;
  let subscriber: RedisFeedSubscriber;
  let gaps: number;

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await FaultProxy.to(server.port);
    writers = connectRedis(server.url, 'writers');
    edges = connectRedis(proxy.url.replace('http', 'redis'), 'edges');
    publisher = new RedisFeedPublisher(writers);
    subscriber = new RedisFeedSubscriber(edges);
    gaps = 0;
    subscriber.onGap(() => (gaps += 1));
    await eventually(() => expect([writers.status, edges.status]).toEqual(['ready', 'ready']));
  });

  afterEach(async () => {
    writers.disconnect();
    edges.disconnect();
    await proxy.disconnect();
    await server.close();
  });

  /** Subscribes a listener to the room, and records the revs that it receives. */
  async function listen(roomId: string): Promise<{ revs: number[]; stop: () => void }> {
    const revs: number[] = [];
    const stop = await subscriber.subscribe(roomId, (changes) => {
      revs.push(...changes.map(({ rev }) => rev));
    });
    return { revs, stop };
  }

  function subscribedChannels(): Promise<unknown[]> {
    return writers.pubsub('CHANNELS', 'chat:feed:*');
  }

  it('delivers changes to all listeners of their room, and only to them', async () => {
    const [first, second, other] = [await listen('a'), await listen('a'), await listen('b')];
    publisher.publish('a', [created('a', 1), created('a', 2)]);
    publisher.publish('a', [created('a', 3)]);
    publisher.publish('b', [created('b', 7)]);
    await eventually(() => expect(other.revs).toEqual([7]));
    expect(first.revs).toEqual([1, 2, 3]);
    expect(second.revs).toEqual([1, 2, 3]);
    expect(gaps).toBe(0);
  });

  it('unsubscribes from a channel when its last listener stops', async () => {
    const [first, second] = [await listen('a'), await listen('a')];
    first.stop();
    publisher.publish('a', [created('a', 1)]);
    await eventually(() => expect(second.revs).toEqual([1]));
    expect(first.revs).toEqual([]);
    second.stop();
    await eventually(async () => expect(await subscribedChannels()).toEqual([]));
  });

  it('drops payloads that are not a valid batch of the room', async () => {
    const { revs } = await listen('a');
    const { rev: _, ...incomplete } = message('a', 1);
    for (const text of ['not JSON', '{}', JSON.stringify([incomplete])]) {
      await writers.publish(feedChannelOf('a'), text);
    }
    await writers.publish(feedChannelOf('a'), JSON.stringify([message('b', 2)]));
    publisher.publish('a', [created('a', 3)]);
    await eventually(() => expect(revs).toEqual([3]));
  });

  // Tests with large batches must not be the last: the parser of ioredis shrinks its buffer for
  // seconds afterwards, and Jest waits for that.
  it('drops batches while Redis is frozen instead of buffering all of them', async () => {
    const { revs } = await listen('a');
    await server.process.freeze();
    const text = 'x'.repeat(1024 * 1024);
    for (let rev = 1; rev <= 30; rev += 1) publisher.publish('a', [created('a', rev, text)]);
    server.process.thaw();
    await eventually(() => expect(revs.length).toBeGreaterThan(0));
    await writers.ping();
    await delay(100);
    expect(revs.length).toBeLessThan(8);
  });

  it('calls its hook before each published batch, but not for dropped ones', async () => {
    const before: number[] = [];
    publisher = new RedisFeedPublisher(writers, (roomId, changes) => {
      before.push(...changes.map(({ rev }) => rev));
      void writers.publish(feedChannelOf(roomId), JSON.stringify([message(roomId, 9)]));
    });
    const { revs } = await listen('a');
    await server.process.freeze();
    const text = 'x'.repeat(5 * 1024 * 1024);
    for (const rev of [1, 2, 3]) publisher.publish('a', [created('a', rev, text)]);
    server.process.thaw();
    await eventually(() => expect(revs).toEqual([9, 1]));
    expect(before).toEqual([1]);
  });

  it('resumes delivery after Redis restarts, and reports a gap', async () => {
    const { revs } = await listen('a');
    await server.process.kill();
    await eventually(() => expect(edges.status).not.toBe('ready'));
    publisher.publish('a', [created('a', 1)]);
    const late = await listen('b');
    expect(gaps).toBe(0);
    await server.process.start();
    await eventually(() => expect(gaps).toBe(1));
    await eventually(() => expect(writers.status).toBe('ready'));
    publisher.publish('a', [created('a', 2)]);
    publisher.publish('b', [created('b', 1)]);
    await eventually(() => expect([revs, late.revs]).toEqual([[2], [1]]));
  });

  it('replaces an unresponsive connection, and reports a gap', async () => {
    const { revs } = await listen('a');
    proxy.blackhole();
    await delay(1_000);
    await proxy.restore();
    publisher.publish('a', [created('a', 1)]);
    await eventually(() => expect(gaps).toBe(1));
    publisher.publish('a', [created('a', 2)]);
    await eventually(() => expect(revs).toEqual([2]));
  });

  it('subscribes without waiting for a frozen Redis, and reports a gap once Redis responds', async () => {
    await server.process.freeze();
    const { revs } = await listen('a');
    // Still connected: subscribing waited neither for a response nor for its timeout.
    expect(edges.status).toBe('ready');
    server.process.thaw();
    await eventually(() => expect(gaps).toBeGreaterThanOrEqual(1));
    await eventually(() => expect(writers.status).toBe('ready'));
    publisher.publish('a', [created('a', 1)]);
    await eventually(() => expect(revs).toEqual([1]));
  });
});
