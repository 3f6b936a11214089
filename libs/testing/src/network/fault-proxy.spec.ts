import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../eventually.ts';
import { FaultProxy } from './fault-proxy.ts';

/** Longer than a byte takes to arrive when nothing holds it back. */
const QUIET_MS = 300;

/** State of an end after a connection reset. */
const RESET = { ended: false, closed: true, error: 'ECONNRESET' };

/** One end of a connection, with the bytes and events that it received. */
class Endpoint {
  received = '';
  ended = false;
  closed = false;
  /** Code of the error that closed the connection, such as ECONNRESET. */
  error: string | undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (data) => (this.received += data.toString()));
    socket.on('end', () => (this.ended = true));
    socket.on('close', () => (this.closed = true));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.error = code));
  }
}

describe('FaultProxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  const ends: Endpoint[] = [];
  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await FaultProxy.to((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await proxy.disconnect();
    for (const { socket } of ends.splice(0)) socket.destroy();
    server.close();
  });

  async function openConnection(): Promise<{ client: Endpoint; upstream: Endpoint }> {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = new Endpoint(
      connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }),
    );
    const upstream = new Endpoint((await accepted)[0]);
    ends.push(client, upstream);
    return { client, upstream };
  }

  it('forwards bytes, and keeps one direction open when the other is closed', async () => {
    const { client, upstream } = await openConnection();
    client.socket.end('question');
    await eventually(() => expect(upstream).toMatchObject({ received: 'question', ended: true }));
    upstream.socket.write('answer');
    await eventually(() => expect(client.received).toBe('answer'));
    expect(client.ended).toBe(false);
    upstream.socket.end();
    await eventually(() => expect([client.closed, upstream.closed]).toEqual([true, true]));
  });

  it('holds back bytes on existing and new connections, and delivers them on resume()', async () => {
    const old = await openConnection();
    proxy.pause();
    const fresh = await openConnection();
    for (const { client, upstream } of [old, fresh]) {
      client.socket.write('question');
      upstream.socket.write('answer');
    }
    await delay(QUIET_MS);
    for (const { client, upstream } of [old, fresh]) {
      expect([client.received, upstream.received]).toEqual(['', '']);
    }
    proxy.resume();
    for (const { client, upstream } of [old, fresh]) {
      await eventually(() => {
        expect([client.received, upstream.received]).toEqual(['answer', 'question']);
      });
    }
  });

  it('resets the other side when one side resets the connection', async () => {
    const [first, second] = [await openConnection(), await openConnection()];
    first.client.socket.resetAndDestroy();
    second.upstream.socket.resetAndDestroy();
    for (const end of [first.upstream, second.client]) {
      await eventually(() => expect(end).toMatchObject(RESET));
    }
  });

  it('forwards neither bytes nor FIN nor RST while it drops traffic', async () => {
    const [open, closed, broken] = [
      await openConnection(),
      await openConnection(),
      await openConnection(),
    ];
    proxy.blackhole();
    const late = await openConnection();
    for (const { client } of [open, late]) client.socket.write('hello');
    open.upstream.socket.write('ping');
    closed.client.socket.destroy();
    broken.upstream.socket.resetAndDestroy();
    await delay(QUIET_MS);
    const quiet = { received: '', ended: false, closed: false };
    for (const end of [open.client, open.upstream, late.client, late.upstream]) {
      expect(end).toMatchObject(quiet);
    }
    expect(closed.upstream).toMatchObject(quiet);
    expect(broken.client).toMatchObject(quiet);
  });

  it('resets only half-closed connections on restore, and keeps the others silent', async () => {
    const [halved, whole] = [await openConnection(), await openConnection()];
    proxy.blackhole();
    halved.client.socket.destroy();
    await delay(QUIET_MS);
    await proxy.restore();
    await eventually(() => expect(halved.upstream).toMatchObject(RESET));
    whole.client.socket.write('hello');
    await delay(QUIET_MS);
    expect(whole.upstream).toMatchObject({ received: '', ended: false, closed: false });
    whole.client.socket.destroy();
    await eventually(() => expect(whole.upstream).toMatchObject(RESET));
    const { client, upstream } = await openConnection();
    client.socket.write('again');
    await eventually(() => expect(upstream.received).toBe('again'));
  });

  it('resets its connections and refuses new ones after disconnect()', async () => {
    const [whole, halved] = [await openConnection(), await openConnection()];
    proxy.blackhole();
    halved.client.socket.destroy();
    await delay(QUIET_MS);
    await proxy.disconnect();
    for (const end of [whole.client, whole.upstream, halved.upstream]) {
      await eventually(() => expect(end).toMatchObject(RESET));
    }
    await expect(once(connect(proxy.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});
