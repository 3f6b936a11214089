import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccessTokens, AuthModule, SessionStatus } from '@chat/auth';
import type { HttpError, SocketError } from '@chat/contracts';
import { InMemoryRateLimiter, RateLimiter, ReadBudget, ReadSettings } from '@chat/platform/limits';
import { Metrics, MetricsModule } from '@chat/platform/monitoring';
import { InMemorySignals, Signals } from '@chat/platform/signals';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { io, type Socket as Client } from 'socket.io-client';
import { WebSocket } from 'ws';
import { FeedSubscriber } from '../feed-subscriber.ts';
import { HeadSubscriber } from '../head-subscriber.ts';
import { InMemoryHeads } from '../in-memory-heads.ts';
import { MessagePublisher } from '../message-publisher.ts';
import { RealtimeModule } from '../realtime.module.ts';
import { RealtimeSettings } from '../realtime-settings.ts';
import { RoomDirectory } from '../room-directory.ts';
import { SocketIoAdapter } from '../socket-io.adapter.ts';
import { ConnectedSockets } from './connected-sockets.ts';
import { CLOSE_TIMEOUT_MS } from './engine-connection.ts';

const READS = { perUser: 4, concurrent: 4, bytes: 10_000_000, userBytesPerSecond: 10_000_000 };
const EVENTS = { points: 1_000, windowMs: 1_000, burst: 1_000 };
const CONNECT = '40';
const SEPARATOR = '\x1e';
const PER_ADDRESS = 10;
const TOTAL = 15;
const CONNECT_BURST = 60;
const PINGS = 300_000;
const CONNECT_TIMEOUT_MS = 10_000;

const SETTINGS: RealtimeSettings = {
  sendLimit: EVENTS,
  eventLimit: EVENTS,
  maxSocketsPerUser: 1_000,
  connectLimit: { points: 1, windowMs: 60_000, burst: CONNECT_BURST },
  maxUnauthenticated: { perAddress: PER_ADDRESS, total: TOTAL },
};

const ports = [
  { provide: RealtimeSettings, useValue: SETTINGS },
  {
    provide: RoomDirectory,
    useValue: {
      rolesOf: () => Promise.resolve([]),
      positionsOf: () => Promise.resolve({ positions: [], complete: true }),
    },
  },
  { provide: MessagePublisher, useValue: {} },
  { provide: FeedSubscriber, useValue: { onGap: () => () => undefined } },
  { provide: HeadSubscriber, useClass: InMemoryHeads },
  { provide: Signals, useClass: InMemorySignals },
  { provide: RateLimiter, useClass: InMemoryRateLimiter },
  { provide: ReadSettings, useValue: READS },
  { provide: ReadBudget, useClass: ReadBudget },
  {
    provide: SessionStatus,
    useValue: {
      isActive: () => Promise.resolve(true),
      filterActive: (ids: string[]) => Promise.resolve(new Set(ids)),
    },
  },
];

@Global()
@Module({ providers: ports, exports: ports.map(({ provide }) => provide) })
class TestProvidersModule {}

@Module({
  imports: [
    TestProvidersModule,
    MetricsModule,
    AuthModule.forRoot(
      { secret: 'x'.repeat(32), accessTokenTtlSeconds: 60 },
      { perUser: EVENTS, perAddress: EVENTS },
    ),
    RealtimeModule,
  ],
})
class Realtime {}

describe('the socket server', () => {
  let app: NestExpressApplication;
  let url: string;
  let token: string;
  let hasFakeTimers = false;
  const cleanups: (() => void)[] = [];

  beforeEach(async () => {
    app = await NestFactory.create<NestExpressApplication>(Realtime, {
      logger: false,
      abortOnError: false,
    });
    app.set('trust proxy', ['127.0.0.1']);
    const heartbeat = { SOCKET_PING_INTERVAL_MS: 20_000, SOCKET_PING_TIMEOUT_MS: 15_000 };
    app.useWebSocketAdapter(new SocketIoAdapter(app, { cors: {}, heartbeat }));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    const identity = { userId: 'ann', sessionId: 'session', username: 'ann' };
    token = await app.get(AccessTokens, { strict: false }).sign(identity);
  });
  afterEach(async () => {
    for (const cleanUp of cleanups.splice(0)) cleanUp();
    await app.close();
    restoreTime();
  });

  /** Installs fake timers: time passes only as far as a test advances it; sockets remain real. */
  const fakeTime = (): void => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    hasFakeTimers = true;
    // Fires the timers that a failed test would leave pending.
    cleanups.push(() => jest.runOnlyPendingTimers());
  };
  const restoreTime = (): void => {
    if (!hasFakeTimers) return;
    hasFakeTimers = false;
    // Closes sessions that wait for a poll.
    jest.runOnlyPendingTimers();
    jest.useRealTimers();
  };
  const rejections = async (reason: string): Promise<number> => {
    const metric = app.get(Metrics).registry.getSingleMetric('chat_connections_refused_total');
    const { values } = (await metric?.get()) ?? { values: [] };
    return values.find(({ labels }) => labels['reason'] === reason)?.value ?? 0;
  };
  const officialClient = (auth: object, options: object = {}): Client => {
    const client = io(url, { transports: ['websocket'], forceNew: true, auth, ...options });
    cleanups.push(() => client.close());
    return client;
  };
  const waitFor = (client: Client, event: 'connect' | 'connect_error'): Promise<unknown[]> =>
    new Promise((resolve) => client.once(event, (...args: unknown[]) => resolve(args)));
  /** Opens a WebSocket and waits for the open packet. */
  const webSocket = async (query = ''): Promise<WebSocket> => {
    const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket${query}`);
    socket.on('error', () => socket.terminate());
    cleanups.push(() => socket.terminate());
    await once(socket, query === '' ? 'message' : 'open');
    return socket;
  };
  const waitForClose = async (socket: WebSocket): Promise<string[]> => {
    const received: string[] = [];
    socket.on('message', (data: Buffer) => received.push(data.toString()));
    if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
    return received;
  };
  const polling = (sid: string | undefined, init: RequestInit = {}) =>
    fetch(
      `${url}/socket.io/?EIO=4&transport=polling${sid === undefined ? '' : `&sid=${sid}`}`,
      init,
    );
  const openSession = async (headers: Record<string, string> = {}): Promise<string> => {
    const text = await (await polling(undefined, { headers })).text();
    return (JSON.parse(text.slice(1)) as { sid: string }).sid;
  };

  describe('closes the connection', () => {
    it('after a rejected CONNECT, once the client has received the reason', async () => {
      const socket = await webSocket();
      const received = waitForClose(socket);
      socket.send(CONNECT);
      const [rejection = '', ...more] = await received;
      expect(more).toEqual([]);
      expect(rejection).toMatch(/^44\{/);
      const { data } = JSON.parse(rejection.slice(2)) as { data: SocketError };
      expect(data.code).toBe('UNAUTHORIZED');
      expect(await rejections('connect_refused')).toBe(1);
    });

    it('after a rejected CONNECT over polling, once the client has polled the reason', async () => {
      const sid = await openSession();
      await polling(sid, { method: 'POST', body: CONNECT });
      const packet = await (await polling(sid)).text();
      expect(packet).toMatch(/^44\{/);
      // The next poll receives a CLOSE packet.
      expect((await (await polling(sid)).text()).split(SEPARATOR)).toContain('1');
      expect((await polling(sid)).status).toBe(400);
    });

    it('after a rejected CONNECT over polling, even when the client never polls', async () => {
      fakeTime();
      const sid = await openSession();
      await polling(sid, { method: 'POST', body: CONNECT });
      while ((await rejections('connect_refused')) === 0) await delay(5);
      await jest.advanceTimersByTimeAsync(CLOSE_TIMEOUT_MS);
      expect((await polling(sid)).status).toBe(400);
    });

    it.each([
      ['a second CONNECT', [CONNECT, CONNECT]],
      ['an event', ['42["sendMessage",{}]']],
      ['an acknowledgement', ['431[]']],
      ['a DISCONNECT', ['41']],
      ['a binary attachment', [Buffer.from('x')]],
      ['the start of a binary event', ['451-["x",{"_placeholder":true,"num":0}]']],
      ['an invalid packet', ['4nonsense']],
      ['pongs without a ping', Array.from({ length: 20 }, () => '3')],
    ])('of an unauthenticated client that sends %s', async (_case, packets) => {
      const socket = await webSocket();
      const received = waitForClose(socket);
      for (const packet of packets) socket.send(packet);
      expect(await received).toEqual([]);
      expect(await rejections('protocol')).toBe(1);
    });

    it('of a client that requests a different namespace, whether or not it is authenticated', async () => {
      const before = await webSocket();
      const rejection = waitForClose(before);
      before.send('40/admin,');
      expect((await rejection).join()).toMatch(/^44\/admin,/);

      const after = await webSocket();
      after.send(`40${JSON.stringify({ token })}`);
      await once(after, 'message');
      const received = waitForClose(after);
      after.send('40/admin,');
      expect(await received).toEqual([]);
      expect(await rejections('protocol')).toBe(1);
    });

    it('of an authenticated client that sends a second CONNECT', async () => {
      const socket = await webSocket();
      socket.send(`40${JSON.stringify({ token })}`);
      await once(socket, 'message');
      const received = waitForClose(socket);
      socket.send(CONNECT);
      await received;
      expect(await rejections('protocol')).toBe(1);
    });

    it('of an authenticated client that sends DISCONNECT', async () => {
      const socket = await webSocket();
      socket.send(`40${JSON.stringify({ token })}`);
      await once(socket, 'message');
      const received = waitForClose(socket);
      socket.send('41');
      expect(await received).toEqual([]);
    });

    it('of a client that sends endless upgrade probes', async () => {
      const sid = await openSession();
      const socket = await webSocket(`&sid=${sid}`);
      const received = waitForClose(socket);
      for (let probes = 0; probes < 1_000; probes += 1) socket.send('2probe');
      expect((await received).length).toBeLessThan(20);
      expect(await rejections('protocol')).toBe(1);
      expect((await polling(sid)).status).toBe(400);
    });
  });

  it('ignores the packets of a payload after the packet that closes the connection', async () => {
    const sid = await openSession();
    const body = Array.from({ length: 20_000 }, () => CONNECT).join(SEPARATOR);
    const poll = polling(sid).then((response) => response.text());
    const post = polling(sid, { method: 'POST', body }).catch(() => undefined);
    expect(await poll).toBe('1');
    await post;
    expect(await rejections('protocol')).toBe(1);
    expect(await rejections('connect_refused')).toBe(0);
  });

  it('queues no pongs for a WebSocket that sends pings but does not read', async () => {
    const socket = await webSocket();
    const tcp = (socket as unknown as { _socket: NetSocket })._socket;
    socket.pause();
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const pings = Buffer.concat(Array.from({ length: 2_000 }, () => ping));
    for (let sent = 0; sent < PINGS; sent += 2_000) {
      if (!tcp.write(pings)) await once(tcp, 'drain');
    }
    let pongs = 0;
    socket.on('pong', () => (pongs += 1));
    socket.resume();
    socket.send(CONNECT);
    await waitForClose(socket);
    // Only those that the kernel accepted before its buffers were full.
    expect(pongs).toBeLessThan(PINGS / 2);
  }, 20_000);

  it('responds to the ping of a WebSocket that reads', async () => {
    const socket = await webSocket();
    socket.ping('still there?');
    const [data] = (await once(socket, 'pong')) as [Buffer];
    expect(data.toString()).toBe('still there?');
  });

  describe('limits unauthenticated connections', () => {
    it('per address, with 429 and Retry-After', async () => {
      for (let sessions = 0; sessions < PER_ADDRESS; sessions += 1) await openSession();
      const response = await polling(undefined);
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ statusCode: 429, code: 'RATE_LIMITED' });
      expect(await rejections('unauthenticated_of_address')).toBe(1);
      for (const query of ['&sid=', '&sid=x&sid=']) {
        const address = `${url}/socket.io/?EIO=4&transport=polling${query}`;
        expect((await fetch(address)).status).toBe(429);
      }
      // Clients at other addresses can still connect.
      for (let host = 1; host < TOTAL - PER_ADDRESS; host += 1) {
        await openSession({ 'x-forwarded-for': `2001:db8::${host}` });
      }
      expect(await rejections('unauthenticated_of_address')).toBe(3);
    });

    /** Opens the maximum number of sessions from three networks; returns them by network. */
    const fillAll = async (): Promise<Map<string, string[]>> => {
      const sessions = new Map<string, string[]>();
      for (const [network, count] of [
        ['192.0.2.1', 3],
        ['192.0.2.2', 7],
        ['192.0.2.3', TOTAL - 10],
      ] as const) {
        const opened: string[] = [];
        for (let n = 0; n < count; n += 1) {
          opened.push(await openSession({ 'x-forwarded-for': network }));
        }
        sessions.set(network, opened);
      }
      return sessions;
    };
    const isOpen = async (sid: string): Promise<boolean> =>
      (await polling(sid, { method: 'POST', body: '3' })).status === 200;

    it('in total, with 503 and Retry-After for the busiest network', async () => {
      await fillAll();
      const headers = { 'x-forwarded-for': '192.0.2.2' };
      const response = await polling(undefined, { headers });
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ statusCode: 503, code: 'UNAVAILABLE' });
      expect(await rejections('unauthenticated')).toBe(1);
    });

    it('in total, closing the oldest connection of the busiest network', async () => {
      const sessions = await fillAll();
      const [oldest = '', second = '', third = '', ...more] = sessions.get('192.0.2.2') ?? [];
      for (const network of ['192.0.2.4', '192.0.2.3']) {
        const response = await polling(undefined, { headers: { 'x-forwarded-for': network } });
        expect(response.status).toBe(200);
      }
      expect(await isOpen(oldest)).toBe(false);
      expect(await isOpen(second)).toBe(false);
      const others = [...(sessions.get('192.0.2.1') ?? []), ...(sessions.get('192.0.2.3') ?? [])];
      for (const sid of [third, ...more, ...others]) expect(await isOpen(sid)).toBe(true);
      expect(await rejections('unauthenticated')).toBe(2);
      expect(await rejections('connect_timeout')).toBe(0);
    });

    it('in total, while a client from another network can still connect', async () => {
      await fillAll();
      const extraHeaders = { 'x-forwarded-for': '192.0.2.9' };
      const client = officialClient({ token }, { extraHeaders, reconnection: false });
      await waitFor(client, 'connect');
    });

    it('in total, while 40 clients from other networks connect simultaneously', async () => {
      await fillAll();
      const newClients = Array.from({ length: 40 }, (_, n) =>
        polling(undefined, { headers: { 'x-forwarded-for': `198.51.100.${n}` } }),
      );
      for (const { status } of await Promise.all(newClients)) expect(status).toBe(200);
      expect(await rejections('unauthenticated')).toBe(40);
    });

    it('in total, not counting closed connections', async () => {
      await fillAll();
      for (let n = 0; n < 2 * TOTAL; n += 1) {
        await openSession({ 'x-forwarded-for': `198.51.100.${n}` });
      }
      for (let n = 0; n < 3; n += 1) {
        const extraHeaders = { 'x-forwarded-for': `203.0.113.${n}` };
        await waitFor(officialClient({ token }, { extraHeaders }), 'connect');
      }
      expect(await rejections('unauthenticated')).toBe(2 * TOTAL + 1);
    });

    it('per /64 network of an IPv6 address', async () => {
      for (let host = 0; host < PER_ADDRESS; host += 1) {
        await openSession({ 'x-forwarded-for': `2001:db8:0:1:${host}::1` });
      }
      const same = { 'x-forwarded-for': '2001:db8:0:1:ffff::1' };
      const other = { 'x-forwarded-for': '2001:db8:0:2::1' };
      expect((await polling(undefined, { headers: same })).status).toBe(429);
      expect((await polling(undefined, { headers: other })).status).toBe(200);
    });

    it('not counting those that have authenticated or closed', async () => {
      for (let round = 0; round < 2; round += 1) {
        const sockets = Array.from({ length: PER_ADDRESS }, () => officialClient({ token }));
        await Promise.all(sockets.map((socket) => waitFor(socket, 'connect')));
      }
      for (let round = 0; round < 2; round += 1) {
        const sockets = await Promise.all(Array.from({ length: PER_ADDRESS }, () => webSocket()));
        for (const socket of sockets) socket.send(CONNECT);
        await Promise.all(sockets.map(waitForClose));
      }
      expect(await rejections('unauthenticated_of_address')).toBe(0);
    });
  });

  it('returns 429 when an address connects too often, by polling, WebSocket or upgrade', async () => {
    const sid = await openSession();
    for (let n = 1; n < CONNECT_BURST; n += 1) {
      await polling(undefined, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    }
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    await polling(undefined, { headers });
    const response = await polling(undefined, { headers });
    expect(response.status).toBe(429);
    expect(await rejections('connect_rate')).toBeGreaterThan(0);
    for (const query of ['', `&sid=${sid}`]) {
      const upgrade = request(`${url}/socket.io/?EIO=4&transport=websocket${query}`, {
        headers: {
          ...headers,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
      });
      upgrade.end();
      const [upgradeResponse] = (await once(upgrade, 'response')) as [IncomingMessage];
      expect(upgradeResponse.statusCode).toBe(429);
      expect(Number(upgradeResponse.headers['retry-after'])).toBeGreaterThan(0);
      const body = (await json(upgradeResponse)) as HttpError;
      expect(body.code).toBe('RATE_LIMITED');
    }
    // Requests of an existing session are not connections.
    expect((await polling(sid, { method: 'POST', body: '3' })).status).toBe(200);
  });

  it('sends official clients the reason for a rejected CONNECT over every transport', async () => {
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      const client = officialClient({ token: 'expired' }, { transports });
      const [error] = (await waitFor(client, 'connect_error')) as [Error & { data: unknown }];
      expect(error.data).toMatchObject({ code: 'UNAUTHORIZED' });
      client.auth = { token };
      client.connect();
      await waitFor(client, 'connect');
      const { engine } = client.io;
      client.close();
      if (engine.readyState !== 'closed') {
        await new Promise<void>((resolve) => engine.once('close', () => resolve()));
      }
    }
    expect(await rejections('protocol')).toBe(0);
  });

  /** Opens all sessions that an address may have, and an official client that has to retry. */
  const exhaustAddress = async () => {
    const sessions: string[] = [];
    while (sessions.length < PER_ADDRESS) sessions.push(await openSession());
    const client = officialClient({ token }, { reconnectionDelay: 200, reconnectionDelayMax: 500 });
    await waitFor(client, 'connect_error');
    return { sessions, connected: waitFor(client, 'connect') };
  };

  it('accepts a retrying official client once other connections of its address have authenticated', async () => {
    const { sessions, connected } = await exhaustAddress();
    for (const sid of sessions) {
      await polling(sid, { method: 'POST', body: `${CONNECT}${JSON.stringify({ token })}` });
      expect(await (await polling(sid)).text()).toMatch(/^40\{/);
    }
    await connected;
    for (const sid of sessions) {
      expect((await polling(sid, { method: 'POST', body: '3' })).status).toBe(200);
    }
  });

  it('accepts a retrying official client once other connections of its address are closed', async () => {
    const { sessions, connected } = await exhaustAddress();
    for (const sid of sessions) {
      await polling(sid, { method: 'POST', body: CONNECT });
      await polling(sid);
      await polling(sid);
    }
    await connected;
  });

  it('keeps an authenticated connection with more unsent bytes than unauthenticated ones may have', async () => {
    const client = officialClient({ token });
    await waitFor(client, 'connect');
    const [socket] = app.get(ConnectedSockets, { strict: false }).ofUser('ann');
    for (let count = 0; count < 1_000; count += 1) {
      socket?.emit('roomRemoved', { roomId: 'x'.repeat(1_000) });
    }
    expect(socket?.connected).toBe(true);
  });

  it('closes connections that send no CONNECT within 10 s, whether or not the client polls', async () => {
    fakeTime();
    const sessions: string[] = [];
    while (sessions.length < PER_ADDRESS) sessions.push(await openSession());
    const polls: Promise<string>[] = [];
    for (const sid of sessions.slice(0, PER_ADDRESS / 2)) {
      const arrived = once(app.getHttpServer(), 'request');
      polls.push(polling(sid).then((response) => response.text()));
      await arrived;
    }
    await jest.advanceTimersByTimeAsync(CONNECT_TIMEOUT_MS);
    expect(await Promise.all(polls)).toEqual(polls.map(() => '1'));
    expect(await rejections('connect_timeout')).toBe(polls.length);
    await jest.advanceTimersByTimeAsync(CLOSE_TIMEOUT_MS);
    expect(await rejections('connect_timeout')).toBe(PER_ADDRESS);
    expect((await polling(undefined)).status).toBe(200);
  });
});
