import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { PublishedHead } from '@chat/messages';
import { eventually, RedisServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { connectRedis } from '../connections/redis-connection.ts';
import { HEAD_CHANNELS, headChannelOf } from './head-channel.ts';
import { RedisFeedPublisher } from './redis-feed-publisher.ts';
import { RedisFeedSubscriber } from './redis-feed-subscriber.ts';
import { RedisHeadPublisher } from './redis-head-publisher.ts';
import { RedisHeadSubscriber } from './redis-head-subscriber.ts';

Logger.overrideLogger(false);

const ROOMS = Array.from({ length: 40 }, (_, index) => `room-${index}`);

function head(roomId: string, seq: number, text = `message ${seq}`): PublishedHead {
  const lastMessage = {
    id: String(seq).padStart(22, '0'),
    roomId,
    seq,
    rev: seq,
    userId: 'u1',
    username: 'ann',
    text,
    timestamp: '2026-01-01T00:00:00.000Z',
  };
  return { roomId, seq, rev: seq, lastMessage };
}

describeWithProgram('redis-server', 'heads of rooms over Redis', () => {
  let server: RedisServer;
  let writers: Redis;
  let edges: Redis;
  let publisher: RedisHeadPublisher;
  let subscriber: RedisHeadSubscriber;
  let received: PublishedHead[];
  let gaps: number;

  beforeEach(async () => {
    server = await RedisServer.start();
    writers = connectRedis(server.url, 'writers');
    edges = connectRedis(server.url, 'edges');
    publisher = new RedisHeadPublisher(writers);
    subscriber = new RedisHeadSubscriber(edges);
    received = [];
    gaps = 0;
    subscriber.subscribe((heads) => received.push(...heads));
    subscriber.onGap(() => (gaps += 1));
    await eventually(async () => expect(await subscribedChannels()).toBe(16));
  });
  afterEach(async () => {
    writers.disconnect();
    edges.disconnect();
    await server.close();
  });

  async function subscribedChannels(): Promise<number> {
    return (await writers.pubsub('CHANNELS', 'chat:heads:*')).length;
  }

  it('delivers the heads of all rooms over 16 channels, with at most one publication each', async () => {
    expect(new Set(ROOMS.map(headChannelOf)).size).toBeGreaterThan(8);
    const observer = connectRedis(server.url, 'observer');
    let publications = 0;
    observer.on('message', () => (publications += 1));
    await eventually(() => expect(observer.status).toBe('ready'));
    await observer.subscribe(...HEAD_CHANNELS);
    publisher.publish(ROOMS.map((roomId) => head(roomId, 1)));
    await eventually(() => expect(received).toHaveLength(ROOMS.length));
    expect(new Set(received.map(({ roomId }) => roomId))).toEqual(new Set(ROOMS));
    expect(received).toContainEqual(head('room-7', 1));
    await eventually(() => expect(publications).toBeGreaterThan(0));
    expect(publications).toBeLessThanOrEqual(16);
    observer.disconnect();
  });

  it('keeps the fields that a later version adds to messages', async () => {
    const later = head('den', 1);
    const batch = [{ ...later, lastMessage: { ...later.lastMessage, threadId: 't1' } }];
    await writers.publish(headChannelOf('den'), JSON.stringify(batch));
    await eventually(() => expect(received).toMatchObject([{ lastMessage: { threadId: 't1' } }]));
  });

  it('ignores payloads that are not heads', async () => {
    const { lastMessage: _, ...incomplete } = head('den', 1);
    for (const text of ['not JSON', '{}', JSON.stringify([incomplete])]) {
      await writers.publish(headChannelOf('den'), text);
    }
    publisher.publish([head('den', 2)]);
    await eventually(() => expect(received).toEqual([head('den', 2)]));
  });

  it('resumes delivery after Redis restarts, and reports a gap', async () => {
    await server.process.kill();
    await eventually(() => expect(writers.status).not.toBe('ready'));
    publisher.publish([head('den', 1)]);
    const before = gaps;
    await server.process.start();
    await eventually(() => expect(gaps).toBe(before + 1));
    await eventually(() => expect(writers.status).toBe('ready'));
    publisher.publish([head('den', 2)]);
    await eventually(() => expect(received.map(({ seq }) => seq)).toEqual([2]));
  });

  it('shares its connection with the feed', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn');
    const feed = new RedisFeedSubscriber(edges);
    const revs: number[] = [];
    await feed.subscribe('den', (changes) => revs.push(...changes.map(({ rev }) => rev)));
    const { lastMessage } = head('den', 3);
    new RedisFeedPublisher(writers).publish('den', [
      { roomId: 'den', rev: 3, message: lastMessage },
    ]);
    publisher.publish([head('den', 3)]);
    await eventually(() => expect([revs, received]).toEqual([[3], [head('den', 3)]]));
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });
});
