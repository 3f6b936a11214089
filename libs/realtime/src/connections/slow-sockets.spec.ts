import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import type { ConnectionRefusals } from './connection-refusals.ts';
import { sentBytesOf } from './engine-connection.ts';
import { MAX_UNSENT_BYTES, SlowSockets } from './slow-sockets.ts';

/** How often `SlowSockets` checks unsent bytes. */
const CHECK_INTERVAL_MS = 500;
const KIBIBYTE = 'x'.repeat(1024);
const MEBIBYTE = 'x'.repeat(1024 * 1024);

/** The WebSocket of a client, which can pause reading. */
interface PausableTransport {
  readonly ws: { pause(): void; resume(): void };
}

describe('SlowSockets', () => {
  let server: Server;
  let client: Client;
  let socket: Socket;
  let reasons: string[];
  const connections = new Set<NetSocket>();

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    const http = createServer();
    http.on('connection', (connection) => connections.add(connection));
    server = new Server(http);
    reasons = [];
    const refusals: Pick<ConnectionRefusals, 'count'> = { count: (reason) => reasons.push(reason) };
    const slowSockets = new SlowSockets(refusals as ConnectionRefusals);
    const connected = Promise.withResolvers<Socket>();
    server.on('connection', (accepted) => {
      slowSockets.limit(accepted.conn, MAX_UNSENT_BYTES);
      connected.resolve(accepted);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false });
    socket = await connected.promise;
  });

  afterEach(async () => {
    client.disconnect();
    for (const connection of connections) connection.destroy();
    connections.clear();
    await server.close();
    jest.useRealTimers();
  });

  const webSocketOf = () => (client.io.engine.transport as unknown as PausableTransport).ws;

  /** Advances to the next check of unsent bytes, and lets the kernel drain the socket buffer. */
  const nextCheck = async (): Promise<void> => {
    await jest.advanceTimersByTimeAsync(CHECK_INTERVAL_MS);
    await nextTurn();
  };

  it('closes a socket when more than 16 MiB are queued for a client that does not read', async () => {
    webSocketOf().pause();
    let mebibytes = 0;
    while (socket.connected && mebibytes < 200) {
      socket.emit('chunk', MEBIBYTE);
      mebibytes += 1;
      await nextTurn();
    }
    webSocketOf().resume();
    expect(socket.connected).toBe(false);
    expect(reasons).toEqual(['slow']);
    // The buffers of the kernel on both sides hold some of the data, too.
    expect(mebibytes).toBeLessThan(40);
  });

  it('closes a socket when its client has read nothing for 5 s while bytes wait for it', async () => {
    webSocketOf().pause();
    for (let mebibytes = 0; mebibytes < 12; mebibytes += 1) socket.emit('chunk', MEBIBYTE);
    let waitedMs = 0;
    for (; socket.connected && waitedMs < 20_000; waitedMs += CHECK_INTERVAL_MS) await nextCheck();
    expect(socket.connected).toBe(false);
    expect(waitedMs).toBeGreaterThan(4_000);
    expect(reasons).toEqual(['slow']);
  });

  it('keeps a socket open while its client reads 64 KiB every 500 ms', async () => {
    const [connection] = connections;
    if (connection === undefined) throw new Error('the server has no connection');
    const webSocket = webSocketOf();
    webSocket.pause();
    client.on('chunk', () => socket.emit('chunk', MEBIBYTE));
    for (let mebibytes = 0; mebibytes < 12; mebibytes += 1) socket.emit('chunk', MEBIBYTE);
    // Longer than the 5 s stall limit.
    for (let waitedMs = 0; waitedMs < 8_000; waitedMs += CHECK_INTERVAL_MS) {
      const target = sentBytesOf(connection) + 64 * 1024;
      webSocket.resume();
      // Waits in real time: the kernel updates its TCP window by its own timers.
      while (socket.connected && sentBytesOf(connection) < target) await nextTurn();
      webSocket.pause();
      await nextCheck();
    }
    expect(reasons).toEqual([]);
    expect(socket.connected).toBe(true);
    expect(connection.writableLength).toBeGreaterThan(64 * 1024);
  });

  it('keeps a socket open when one turn of the event loop writes 5,000 packets', async () => {
    let received = 0;
    const all = Promise.withResolvers<void>();
    client.on('chunk', () => {
      if ((received += 1) === 5_000) all.resolve();
    });
    for (let packets = 0; packets < 5_000; packets += 1) socket.emit('chunk', KIBIBYTE);
    await all.promise;
    expect(socket.connected).toBe(true);
    expect(reasons).toEqual([]);
  });

  it('keeps a socket open when its client reads 50 MiB in bursts of 5 MiB', async () => {
    client.on('chunk', (_text: string, acknowledge: () => void) => acknowledge());
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 5 }, () => socket.timeout(5_000).emitWithAck('chunk', MEBIBYTE)),
      );
    }
    expect(socket.connected).toBe(true);
  });
});
