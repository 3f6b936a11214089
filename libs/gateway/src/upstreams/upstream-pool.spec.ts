import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@chat/testing';
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
    for (const one of open.splice(0)) await one.stop();
  });

  /** Starts a pool of one instance, with a connection to it. */
  const startConnected = async (lostAfterMs: number) => {
    const one = await Upstream.start('one');
    const options = { ...OPTIONS, probeTimeoutMs: 100, lostAfterMs };
    const pool = new UpstreamPool('chat', [one.url], options, noFailure);
    open.push(one, pool);
    await pool.start();
    return { one, pool, connection: await (await pool.findById('one'))?.connect() };
  };

  it('follows the addresses of a DNS name as they appear and disappear', async () => {
    const one = await Upstream.start('one');
    open.push(one);
    let addresses = ['127.0.0.1'];
    const pool = new UpstreamPool('users', [`http://users:${one.port}`], OPTIONS, noFailure, () =>
      Promise.resolve(addresses),
    );
    open.push(pool);
    await pool.start();
    expect(pool.choose()?.url).toBe(one.url);
    // No process listens at the second address.
    addresses = ['127.0.0.1', '127.0.0.2'];
    await eventually(() => expect(pool.choose()?.url).toBe(one.url));
    addresses = ['127.0.0.2'];
    await eventually(() => expect(pool.choose()).toBeUndefined());
    addresses = ['127.0.0.1'];
    await eventually(() => expect(pool.choose()?.url).toBe(one.url));
  });

  it('keeps the known instances while DNS resolution fails', async () => {
    const one = await Upstream.start('one');
    open.push(one);
    let lookups = 0;
    const pool = new UpstreamPool('users', [`http://users:${one.port}`], OPTIONS, noFailure, () => {
      lookups += 1;
      return lookups === 1
        ? Promise.resolve(['127.0.0.1'])
        : Promise.reject(new Error('no response'));
    });
    open.push(pool);
    await pool.start();
    await eventually(() => expect(lookups).toBeGreaterThan(3));
    expect(pool.choose()?.url).toBe(one.url);
  });

  it('finds an instance by its id, and by its new id after a restart', async () => {
    const one = await Upstream.start('first');
    open.push(one);
    const pool = new UpstreamPool('chat', [one.url], OPTIONS, noFailure);
    open.push(pool);
    await pool.start();
    expect((await pool.findById('first'))?.url).toBe(one.url);
    const { port } = one;
    await one.stop();
    open.push(await Upstream.start('second', port));
    expect((await pool.findById('second'))?.url).toBe(`http://127.0.0.1:${port}`);
    expect(await pool.findById('first')).toBeUndefined();
  });

  it('chooses the instance with the lowest load, even for 10 concurrent requests', async () => {
    const [one, two] = [await Upstream.start('one'), await Upstream.start('two')];
    open.push(one, two);
    const pool = new UpstreamPool('chat', [one.url, two.url], OPTIONS, noFailure);
    open.push(pool);
    await pool.start();
    const busy = await pool.findById('one');
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
    const { one, pool, connection } = await startConnected(1_000);
    one.liveAfterMs = 300;
    await eventually(() => expect(pool.choose()).toBeUndefined());
    // At most one in 100 ms: by then a silence would have exceeded lostAfterMs.
    const lateResponses = one.probeResponses;
    await eventually(() => expect(one.probeResponses).toBeGreaterThan(lateResponses + 16));
    expect(connection?.destroyed).toBe(false);
    one.liveAfterMs = 0;
    await eventually(() => expect(pool.choose()?.url).toBe(one.url));
  });

  it('closes the connections of an instance that sends no bytes for lostAfterMs', async () => {
    const { one, pool, connection } = await startConnected(1_000);
    one.live = undefined;
    await eventually(() => expect(connection?.destroyed).toBe(true));
    expect(await pool.findById('one')).toBeUndefined();
    one.live = 200;
    await eventually(() => expect(pool.choose()?.url).toBe(one.url));
  });

  it('keeps an instance and its connections after a stall of the gateway itself', async () => {
    const { one, pool, connection } = await startConnected(500);
    const probe = pool.probe();
    const until = performance.now() + 2 * 500;
    while (performance.now() < until);
    await probe;
    await eventually(() => expect(pool.choose()?.url).toBe(one.url));
    expect(connection?.destroyed).toBe(false);
  });

  it('is ready only while one of its instances is ready', async () => {
    const one = await Upstream.start('one');
    open.push(one);
    const pool = new UpstreamPool('users', [one.url, 'http://127.0.0.1:9'], OPTIONS, noFailure);
    open.push(pool);
    await pool.start();
    await expect(pool.check()).resolves.toBeUndefined();
    one.live = 503;
    await eventually(async () => expect(pool.check()).rejects.toThrow());
  });
});
