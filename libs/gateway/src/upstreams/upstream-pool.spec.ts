import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@chat/testing';
import { Logger } from '@nestjs/common';
import { Upstream } from '../../test/upstream.ts';
import { UpstreamPool } from './upstream-pool.ts';

const OPTIONS = {
  probeIntervalMs: 30,
  probeTimeoutMs: 5_000,
  lostAfterMs: 10_000,
  resolveIntervalMs: 30,
};

const noFailure = (code: string): never => {
  throw new Error(`the gateway lacks a resource: ${code}`);
};

describe('UpstreamPool', () => {
  const open: { stop(): Promise<void> | void }[] = [];
  afterEach(async () => {
    for (const stoppable of open.splice(0)) await stoppable.stop();
    jest.restoreAllMocks();
  });

  /** Starts a pool of one instance, with a connection to it. */
  const startConnected = async (lostAfterMs: number) => {
    const upstream = await Upstream.start('chat-1');
    const options = { ...OPTIONS, probeTimeoutMs: 100, lostAfterMs };
    const pool = new UpstreamPool('chat', [upstream.url], options, noFailure);
    open.push(upstream, pool);
    await pool.start();
    return { upstream, pool, connection: await (await pool.findById('chat-1'))?.connect() };
  };

  it('follows the addresses of a DNS name as they appear and disappear', async () => {
    const upstream = await Upstream.start('chat-1');
    open.push(upstream);
    let addresses = ['127.0.0.1'];
    const pool = new UpstreamPool(
      'users',
      [`http://users:${upstream.port}`],
      OPTIONS,
      noFailure,
      () => Promise.resolve(addresses),
    );
    open.push(pool);
    await pool.start();
    expect(pool.choose()?.url).toBe(upstream.url);
    // No process listens at the second address.
    addresses = ['127.0.0.1', '127.0.0.2'];
    await eventually(() => expect(pool.choose()?.url).toBe(upstream.url));
    addresses = ['127.0.0.2'];
    await eventually(() => expect(pool.choose()).toBeUndefined());
    addresses = ['127.0.0.1'];
    await eventually(() => expect(pool.choose()?.url).toBe(upstream.url));
  });

  it('keeps the known instances while DNS resolution fails', async () => {
    const upstream = await Upstream.start('chat-1');
    open.push(upstream);
    let lookups = 0;
    const pool = new UpstreamPool(
      'users',
      [`http://users:${upstream.port}`],
      OPTIONS,
      noFailure,
      () => {
        lookups += 1;
        return lookups === 1
          ? Promise.resolve(['127.0.0.1'])
          : Promise.reject(new Error('no response'));
      },
    );
    open.push(pool);
    await pool.start();
    await eventually(() => expect(lookups).toBeGreaterThan(3));
    expect(pool.choose()?.url).toBe(upstream.url);
  });

  it('finds an instance by its id, and by its new id after a restart', async () => {
    const upstream = await Upstream.start('first');
    open.push(upstream);
    const pool = new UpstreamPool('chat', [upstream.url], OPTIONS, noFailure);
    open.push(pool);
    await pool.start();
    expect((await pool.findById('first'))?.url).toBe(upstream.url);
    const { port } = upstream;
    await upstream.stop();
    open.push(await Upstream.start('second', port));
    expect((await pool.findById('second'))?.url).toBe(`http://127.0.0.1:${port}`);
    expect(await pool.findById('first')).toBeUndefined();
  });

  it('chooses the instance with the lowest load, even for 10 concurrent requests', async () => {
    const [upstream1, upstream2] = [await Upstream.start('chat-1'), await Upstream.start('chat-2')];
    open.push(upstream1, upstream2);
    const pool = new UpstreamPool('chat', [upstream1.url, upstream2.url], OPTIONS, noFailure);
    open.push(pool);
    await pool.start();
    const busy = await pool.findById('chat-1');
    for (let n = 0; n < 2; n += 1) await busy?.connect();
    for (let n = 0; n < 2; n += 1) busy?.sessionStarted();
    const connecting: Promise<Socket>[] = [];
    for (let n = 0; n < 10; n += 1) {
      const instance = pool.choose();
      if (instance) connecting.push(instance.connect());
    }
    await Promise.all(connecting);
    // A session without a second request counts only for a short time.
    await eventually(() => expect(busy?.load).toBe(5));
    busy?.closeConnections();
    await eventually(() => expect(busy?.load).toBe(0));
  });

  it('sends no new requests to an instance with late probes, but keeps its connections open', async () => {
    const { upstream, pool, connection } = await startConnected(1_000);
    upstream.liveAfterMs = 300;
    await eventually(() => expect(pool.choose()).toBeUndefined());
    // At most one in 100 ms: by then an unresponsive instance would have exceeded lostAfterMs.
    const lateResponses = upstream.probeResponses;
    await eventually(() => expect(upstream.probeResponses).toBeGreaterThan(lateResponses + 16));
    expect(connection?.destroyed).toBe(false);
    upstream.liveAfterMs = 0;
    await eventually(() => expect(pool.choose()?.url).toBe(upstream.url));
  });

  it('closes the connections of an instance that sends no bytes for lostAfterMs', async () => {
    const { upstream, pool, connection } = await startConnected(1_000);
    upstream.live = undefined;
    await eventually(() => expect(connection?.destroyed).toBe(true));
    expect(await pool.findById('chat-1')).toBeUndefined();
    upstream.live = 200;
    await eventually(() => expect(pool.choose()?.url).toBe(upstream.url));
  });

  it('keeps an instance and its connections after a stall of the gateway itself', async () => {
    const { upstream, pool, connection } = await startConnected(500);
    const probe = pool.probe();
    const until = performance.now() + 2 * 500;
    while (performance.now() < until);
    await probe;
    await eventually(() => expect(pool.choose()?.url).toBe(upstream.url));
    expect(connection?.destroyed).toBe(false);
  });

  it('logs that an instance is connected once, and each time that it is available again', async () => {
    const upstream = await Upstream.start('chat-1');
    open.push(upstream);
    const pool = new UpstreamPool('users', [upstream.url], OPTIONS, noFailure);
    open.push(pool);
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const logged = (): unknown[] => log.mock.calls.map(([, message]) => message as unknown);
    await pool.start();
    expect(logged()).toEqual(['dependency connected']);
    for (let outage = 1; outage <= 2; outage += 1) {
      upstream.live = 503;
      await eventually(() => expect(pool.choose()).toBeUndefined());
      upstream.live = 200;
      await eventually(() => expect(pool.choose()).toBeDefined());
      expect(logged()).toEqual([
        'dependency connected',
        ...Array<string>(outage).fill('dependency available again'),
      ]);
    }
  });

  it('is ready only while one of its instances is ready', async () => {
    const upstream = await Upstream.start('chat-1');
    open.push(upstream);
    const pool = new UpstreamPool(
      'users',
      [upstream.url, 'http://127.0.0.1:9'],
      OPTIONS,
      noFailure,
    );
    open.push(pool);
    await pool.start();
    await expect(pool.check()).resolves.toBeUndefined();
    upstream.live = 503;
    await eventually(async () => expect(pool.check()).rejects.toThrow());
  });
});
