import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { eventually, RedisServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisCircuitBreaker } from '../connections/redis-circuit-breaker.ts';
import { RedisRateLimiter } from './redis-rate-limiter.ts';

Logger.overrideLogger(false);

const LIMIT = { points: 20, windowMs: 60_000, burst: 30 };
/** For a healthy Redis, which may be slow on a busy machine. */
const LONG_TIMEOUT_MS = 5_000;

describeWithProgram('redis-server', 'RedisRateLimiter', () => {
  let server: RedisServer;
  let connections: Redis[];
  let warned: jest.SpiedFunction<Logger['warn']>;
  let logged: jest.SpiedFunction<Logger['log']>;

  beforeEach(async () => {
    warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    logged = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
    connections = [];
    server = await RedisServer.start();
  });

  afterEach(async () => {
    for (const connection of connections) connection.disconnect();
    await server.close();
    jest.restoreAllMocks();
  });

  /** @param timeoutMs omit for the default timeout when Redis will be unavailable */
  async function instance(timeoutMs?: number): Promise<RedisRateLimiter> {
    const redis = new Redis(server.url, { enableOfflineQueue: false, retryStrategy: () => 50 });
    redis.on('error', () => undefined);
    connections.push(redis);
    await eventually(() => expect(redis.status).toBe('ready'));
    return new RedisRateLimiter(new RedisCircuitBreaker(redis, timeoutMs));
  }

  async function takeAll(limiter: RedisRateLimiter, key: string, limit = LIMIT): Promise<number> {
    for (let taken = 0; ; taken += 1) if ((await limiter.take(key, limit)) > 0) return taken;
  }

  it('allows one burst across all instances, then returns how long to wait', async () => {
    const [first, second] = [await instance(LONG_TIMEOUT_MS), await instance(LONG_TIMEOUT_MS)];
    for (let taken = 0; taken < 10; taken += 1) await first.take('a', LIMIT);
    expect(await takeAll(second, 'a')).toBe(20);
    const waitMs = await first.take('a', LIMIT);
    expect(waitMs).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThanOrEqual(3_000);
    expect(await takeAll(first, 'b')).toBe(30);
  });

  it('allows exactly the sustained rate, and deletes unused keys', async () => {
    const limiter = await instance(LONG_TIMEOUT_MS);
    const fast = { points: 7, windowMs: 7_000, burst: 3 };
    expect(await takeAll(limiter, 'a', fast)).toBe(3);
    // A timer of Node can end up to 1 ms before Redis's clock has passed the wait.
    await delay((await limiter.take('a', fast)) + 5);
    expect(await takeAll(limiter, 'a', fast)).toBe(1);
    await eventually(async () => expect(await connections[0]?.keys('*')).toEqual([]));
    expect(await takeAll(limiter, 'a', fast)).toBe(3);
  }, 20_000);

  it('restores a point on refund(), but never beyond the burst', async () => {
    const limiter = await instance(LONG_TIMEOUT_MS);
    await takeAll(limiter, 'a');
    await limiter.refund('a', LIMIT);
    expect(await takeAll(limiter, 'a')).toBe(1);
    await limiter.refund('b', LIMIT);
    expect(await takeAll(limiter, 'b')).toBe(30);
  });

  it('limits per instance while Redis is down, and across instances again after the restart', async () => {
    const [first, second] = [await instance(), await instance()];
    await takeAll(first, 'a');
    await server.process.kill();
    expect(await takeAll(first, 'a')).toBe(30);
    expect(await takeAll(second, 'a')).toBe(30);
    expect(warned).toHaveBeenCalledTimes(2);
    await server.process.start();
    await eventually(async () => {
      await first.take('b', LIMIT);
      expect(logged).toHaveBeenCalledTimes(1);
    });
    await eventually(async () => {
      await second.take('c', LIMIT);
      expect(logged).toHaveBeenCalledTimes(2);
    });
    expect(await takeAll(first, 'd')).toBe(30);
    expect(await takeAll(second, 'd')).toBe(0);
    expect(warned).toHaveBeenCalledTimes(2);
  });

  it('makes fewer than 5 of 20 calls wait for a frozen Redis', async () => {
    const limiter = await instance();
    await limiter.take('a', LIMIT);
    await server.process.freeze();
    expect(await limiter.take('a', LIMIT)).toBe(0);
    // One command per second probes Redis; the others fail without waiting for it.
    const [redis] = connections;
    const sent = redis && jest.spyOn(redis, 'sendCommand');
    for (let taken = 0; taken < 20; taken += 1) await limiter.take('a', LIMIT);
    expect(sent?.mock.calls.length).toBeLessThan(5);
    server.process.thaw();
    await eventually(async () => {
      await limiter.take('b', LIMIT);
      expect(logged).toHaveBeenCalledTimes(1);
    });
  });
});
