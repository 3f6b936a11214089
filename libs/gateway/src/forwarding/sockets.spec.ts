import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, FaultProxy } from '@chat/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { FAST_PROBE_OPTIONS, startGateway, type Gateway } from '../../test/gateway.ts';
import { Upstream } from '../../test/upstream.ts';

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: chat\r\nConnection: Upgrade\r\n' +
  'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('a socket through the gateway', () => {
  const open: { close(): Promise<void> | void }[] = [];
  afterEach(async () => {
    for (const closable of open.splice(0).toReversed()) await closable.close();
  });

  async function startChat(id: string): Promise<Upstream> {
    const upstream = await Upstream.start(id);
    const server = new Server(upstream.server, { pingInterval: 20_000 });
    server.engine.generateId = () => `${id}.${Math.random().toString(36).slice(2)}`;
    server.on('connection', (socket) => {
      socket.on('instanceId', (acknowledge: (id: string) => void) => acknowledge(id));
    });
    open.push({
      close: async () => {
        await server.close();
        await upstream.stop();
      },
    });
    return upstream;
  }
  const gateway = async (...call: Parameters<typeof startGateway>): Promise<Gateway> => {
    const started = await startGateway(...call);
    open.push(started);
    return started;
  };
  function client(url: string, transports?: string[]): Socket {
    const socket = io(url, {
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 100,
      ...(transports && { transports }),
    });
    open.push({ close: () => void socket.disconnect() });
    return socket;
  }
  const instanceOf = (socket: Socket): Promise<string> =>
    socket.timeout(3_000).emitWithAck('instanceId') as Promise<string>;

  it.each([
    ['polling only', ['polling'], 'polling'],
    ['polling first', undefined, 'websocket'],
    ['WebSocket only', ['websocket'], 'websocket'],
  ])('with %s stays on the instance of its session', async (_case, transports, finalTransport) => {
    const [chat1, chat2] = [await startChat('chat-1'), await startChat('chat-2')];
    const { url } = await gateway({ chat: [chat1.url, chat2.url] });
    const sockets = Array.from({ length: 6 }, () => client(url, transports));
    await eventually(() => {
      for (const socket of sockets) expect(socket.io.engine.transport.name).toBe(finalTransport);
    });
    const instanceIds = await Promise.all(sockets.map(instanceOf));
    expect(instanceIds.toSorted()).toEqual([
      'chat-1',
      'chat-1',
      'chat-1',
      'chat-2',
      'chat-2',
      'chat-2',
    ]);
    for (const [index, socket] of sockets.entries()) {
      expect(await instanceOf(socket)).toBe(instanceIds[index]);
    }
  });

  it('gets 400 with "Session ID unknown" when its session id is unknown', async () => {
    const chat = await startChat('chat');
    const { url } = await gateway({ chat: [chat.url] });
    for (const sid of ['gone.abc', 'x', '']) {
      const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      const response = await fetch(url + path);
      expect([response.status, await response.json()]).toEqual([
        400,
        { code: 1, message: 'Session ID unknown' },
      ]);
    }
  });

  it('stays open when another client resets its connection', async () => {
    const chat = await startChat('chat');
    const { url, port, ...running } = await gateway({ chat: [chat.url] });
    const other = client(url, ['websocket']);
    expect(await instanceOf(other)).toBe('chat');
    for (const afterMs of [0, 1, 50]) {
      const tcpSocket = connect(port, '127.0.0.1');
      tcpSocket.on('error', () => undefined);
      tcpSocket.write(UPGRADE);
      await delay(afterMs);
      tcpSocket.resetAndDestroy();
    }
    await eventually(async () => expect(await running.connections()).toBe(1));
    expect(other.connected).toBe(true);
    expect(await instanceOf(other)).toBe('chat');
  });

  it.each([
    ['rejected', 0],
    ['closed by its instance', 1],
  ])('that is %s closes even if its client keeps its side open', async (_case, maxSockets) => {
    const chat = await startChat('chat');
    const { port, ...running } = await gateway({ chat: [chat.url] }, { maxSockets });
    const tcpSocket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    open.push({ close: () => void tcpSocket.destroy() });
    tcpSocket.write(UPGRADE);
    await once(tcpSocket, 'data');
    await chat.stop();
    await eventually(async () => expect(await running.connections()).toBe(0));
  });

  it('reconnects to a different instance when its instance fails', async () => {
    const [chat1, chat2] = [await startChat('chat-1'), await startChat('chat-2')];
    const { url } = await gateway({ chat: [chat1.url, chat2.url] });
    const sockets = [client(url, ['websocket']), client(url, ['websocket'])];
    expect((await Promise.all(sockets.map(instanceOf))).toSorted()).toEqual(['chat-1', 'chat-2']);
    await chat1.stop();
    await eventually(async () => {
      expect(await Promise.all(sockets.map(instanceOf))).toEqual(['chat-2', 'chat-2']);
    });
  });

  it('stays open while its instance is stopping, or fails probes but still sends data', async () => {
    const [chat1, chat2] = [await startChat('chat-1'), await startChat('chat-2')];
    const { url } = await gateway({ chat: [chat1.url, chat2.url] }, { pool: FAST_PROBE_OPTIONS });
    const sockets = [client(url, ['websocket']), client(url, ['websocket'])];
    const instanceIds = await Promise.all(sockets.map(instanceOf));
    expect(instanceIds.toSorted()).toEqual(['chat-1', 'chat-2']);
    const closed: unknown[] = [];
    for (const socket of sockets) socket.on('disconnect', (reason) => closed.push(reason));
    chat2.live = 503;
    chat1.live = undefined;
    const until = performance.now() + 2 * FAST_PROBE_OPTIONS.lostAfterMs;
    while (performance.now() < until) {
      await Promise.all(sockets.map(instanceOf));
      await delay(100);
    }
    expect(closed).toEqual([]);
    chat2.live = 200;
    const newSocket = client(url, ['websocket']);
    expect(await instanceOf(newSocket)).toBe('chat-2');
  });

  it('is closed and reconnects to a different instance when its instance becomes unresponsive', async () => {
    const [chat1, chat2] = [await startChat('chat-1'), await startChat('chat-2')];
    const proxy = await FaultProxy.to(chat1.port);
    open.push({ close: () => proxy.disconnect() });
    const urls = { chat: [`http://127.0.0.1:${proxy.port}`, chat2.url] };
    const { url } = await gateway(urls, { pool: FAST_PROBE_OPTIONS });
    const sockets = [client(url, ['websocket']), client(url, ['websocket'])];
    const instanceIds = await Promise.all(sockets.map(instanceOf));
    const onChat1 = sockets.find((_socket, index) => instanceIds[index] === 'chat-1');
    if (!onChat1) throw new Error('both sockets are on the same instance');
    const closed = new Promise((resolve) => onChat1.once('disconnect', resolve));
    proxy.blackhole();
    // Long before the client's heartbeat would detect it.
    await closed;
    await eventually(async () => expect(await instanceOf(onChat1)).toBe('chat-2'));
  });

  it('gets 503 beyond the socket limit or with no instance, and 429 beyond the rate limit', async () => {
    const chat = await startChat('chat');
    const full = await gateway({ chat: [chat.url] }, { maxSockets: 0 });
    const limited = await gateway(
      { chat: [chat.url] },
      { limit: { points: 1, windowMs: 60_000, burst: 1 } },
    );
    const withoutInstance = await gateway({ chat: [] });
    const statusLine = (port: number): Promise<string> =>
      new Promise((resolve) => {
        const tcpSocket = connect(port, '127.0.0.1', () => tcpSocket.write(UPGRADE));
        tcpSocket.once('data', (data) => {
          resolve(data.toString().split('\r\n')[0] ?? '');
          tcpSocket.destroy();
        });
      });
    expect(await statusLine(full.port)).toBe('HTTP/1.1 503 Service Unavailable');
    expect(await statusLine(limited.port)).toBe('HTTP/1.1 101 Switching Protocols');
    expect(await statusLine(limited.port)).toBe('HTTP/1.1 429 Too Many Requests');
    expect(await statusLine(withoutInstance.port)).toBe('HTTP/1.1 503 Service Unavailable');
  });

  it('gets 429 beyond the rate limit of its IPv6 /64 network', async () => {
    const { port } = await gateway(
      { chat: [(await startChat('chat')).url] },
      { limit: { points: 1, windowMs: 60_000, burst: 1 }, trustProxy: ['127.0.0.1'] },
    );
    const statusLineFor = (address: string): Promise<string> =>
      new Promise((resolve) => {
        const forwarded = `X-Forwarded-For: ${address}\r\n\r\n`;
        const tcpSocket = connect(port, '127.0.0.1', () =>
          tcpSocket.write(UPGRADE.replace(/\r\n\r\n$/, `\r\n${forwarded}`)),
        );
        tcpSocket.once('data', (data) => {
          resolve(data.toString().split('\r\n')[0] ?? '');
          tcpSocket.destroy();
        });
      });
    expect(await statusLineFor('2001:db8:0:1::1')).toBe('HTTP/1.1 101 Switching Protocols');
    expect(await statusLineFor('2001:db8:0:1:2::1')).toBe('HTTP/1.1 429 Too Many Requests');
    expect(await statusLineFor('2001:db8:0:2::1')).toBe('HTTP/1.1 101 Switching Protocols');
  });

  it('is not upgraded on other paths, but handled as plain HTTP', async () => {
    const users = await Upstream.start('users');
    open.push({ close: () => users.stop() });
    const { port } = await gateway({ users: [users.url], chat: [(await startChat('chat')).url] });
    const sendRaw = (request: string): Promise<string> => {
      const tcpSocket = connect(port, '127.0.0.1');
      tcpSocket.write(request.replace('Connection: Upgrade', 'Connection: close, Upgrade'));
      return text(tcpSocket);
    };
    const upgradeTo = (path: string): string => UPGRADE.replace(/\/socket.io\/[^ ]*/, path);
    expect(await sendRaw(upgradeTo('/internal/'))).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(await sendRaw(upgradeTo('/users/me'))).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*users/);
  });
});
