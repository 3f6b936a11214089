import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually, FaultProxy, RedisServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { connectRedis } from './redis-connection.ts';

Logger.overrideLogger(false);

/** Time until the next heartbeat, plus the time until its response is overdue. */
const DETECTION_MS = 3_000;

describeWithProgram('redis-server', 'a Redis connection', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let redis: Redis;
  let closes: number;

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await FaultProxy.to(server.port);
    redis = connectRedis(proxy.url.replace('http', 'redis'), 'test');
    await nextEvent('ready');
    closes = 0;
    redis.on('close', () => (closes += 1));
  });

  afterEach(async () => {
    redis.disconnect();
    await proxy.disconnect();
    await server.close();
  });

  /** Resolves on the next event with this name, even if errors occur before it. */
  function nextEvent(event: 'connect' | 'ready' | 'close'): Promise<void> {
    return new Promise((resolve) => {
      redis.once(event, resolve);
    });
  }

  // Tests that leave a timer of ioredis running for seconds must not be the last, because Jest
  // waits for it: the parser shrinks its buffer after a large reply, and a lost connection is ended
  // a second time.
  it('stays open while a large reply takes more than 3 s to arrive', async () => {
    // Arrives in chunks of 64 KB.
    const text = 'x'.repeat(36 * 64 * 1024);
    await redis.set('long', text);
    const started = performance.now();
    const { stream } = redis;
    stream.on('data', () => {
      stream.pause();
      setTimeout(() => stream.resume(), 100);
    });
    expect(await redis.get('long')).toHaveLength(text.length);
    expect(performance.now() - started).toBeGreaterThan(DETECTION_MS);
    expect(closes).toBe(0);
  });

  it('is closed within 6 s when the server is frozen', async () => {
    await server.process.freeze();
    await eventually(() => expect(closes).toBe(1), DETECTION_MS * 2);
  });

  it('is replaced when the server is unresponsive before the connection is ready', async () => {
    proxy.blackhole();
    redis.stream.destroy();
    await nextEvent('connect');
    await proxy.restore();
    await eventually(() => expect(redis.status).toBe('ready'), DETECTION_MS * 2);
  });

  it('stays open after a reconnect although a command was in flight during the outage', async () => {
    proxy.blackhole();
    const unanswered = redis.ping();
    // Until a heartbeat is also in flight.
    await delay(1_100);
    const ready = nextEvent('ready');
    await proxy.disconnect();
    await expect(unanswered).rejects.toThrow();
    await proxy.restore();
    await ready;
    const before = closes;
    await delay(2_200);
    expect(closes).toBe(before);
  });
});
