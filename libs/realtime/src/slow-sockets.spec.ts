import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import type { ConnectionRefusals } from './connections/connection-refusals.ts';
import { takenBytesOf } from './connections/engine-connection.ts';
import { MAX_UNSENT_BYTES, SlowSockets } from './slow-sockets.ts';

/** How often `SlowSockets` looks at a backlog. */
const LOOK_EVERY_MS = 500;
const KILOBYTE = 'x'.repeat(1024);
const MEGABYTE = 'x'.repeat(1024 * 1024);

/** What the connection of a client is made of, where it can be told to read no more. */
interface PausableTransport {
  readonly ws: { pause(): void; resume(): void };
}

describe('a socket', () => {
  let server: Server;
  let client: Client;
  let socket: Socket;
  let refused: string[];
  const connections = new Set<NetSocket>();

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    const http = createServer();
    http.on('connection', (connection) => connections.add(connection));
    server = new Server(http);
    refused = [];
    const refusals: Pick<ConnectionRefusals, 'count'> = { count: (reason) => refused.push(reason) };
    const slowSockets = new SlowSockets(refusals as ConnectionRefusals);
    const connected = Promise.withResolvers<Socket>();
    server.on('connection', (accepted) => {
      slowSockets.bound(accepted.conn, MAX_UNSENT_BYTES);
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

  const connectionOf = () => (client.io.engine.transport as unknown as PausableTransport).ws;

  /** Lets the server look once more, and the kernel take what it can. */
  const look = async (): Promise<void> => {
    await jest.advanceTimersByTimeAsync(LOOK_EVERY_MS);
    await nextTurn();
  };

  it('is closed when more than 16 MiB wait for a client that does not read', async () => {
    connectionOf().pause();
    let megabytes = 0;
    while (socket.connected && megabytes < 200) {
      socket.emit('answer', MEGABYTE);
      megabytes += 1;
      await nextTurn();
    }
    connectionOf().resume();
    expect(socket.connected).toBe(false);
    expect(refused).toEqual(['slow']);
    // What the kernel holds for both sides counts too.
    expect(megabytes).toBeLessThan(40);
  });

  it('is closed when its client has read nothing of a backlog for 5 s', async () => {
    connectionOf().pause();
    for (let megabytes = 0; megabytes < 12; megabytes += 1) socket.emit('answer', MEGABYTE);
    let waitedMs = 0;
    for (; socket.connected && waitedMs < 20_000; waitedMs += LOOK_EVERY_MS) await look();
    expect(socket.connected).toBe(false);
    expect(waitedMs).toBeGreaterThan(4_000);
    expect(refused).toEqual(['slow']);
  });

  it('stays open while its client takes 64 KiB of a backlog every 500 ms', async () => {
    const [connection] = connections;
    if (connection === undefined) throw new Error('the server has no connection');
    const reading = connectionOf();
    reading.pause();
    client.on('answer', () => socket.emit('answer', MEGABYTE));
    for (let megabytes = 0; megabytes < 12; megabytes += 1) socket.emit('answer', MEGABYTE);
    // For longer than a client may take nothing.
    for (let passedMs = 0; passedMs < 8_000; passedMs += LOOK_EVERY_MS) {
      const wanted = takenBytesOf(connection) + 64 * 1024;
      reading.resume();
      // Waits in real time: the kernel has timers of its own, by which it asks for more.
      while (socket.connected && takenBytesOf(connection) < wanted) await nextTurn();
      reading.pause();
      await look();
    }
    expect(refused).toEqual([]);
    expect(socket.connected).toBe(true);
    expect(connection.writableLength).toBeGreaterThan(64 * 1024);
  });

  it('stays open when one turn of the event loop writes 5,000 packets', async () => {
    let received = 0;
    const all = Promise.withResolvers<void>();
    client.on('answer', () => {
      if ((received += 1) === 5_000) all.resolve();
    });
    for (let packets = 0; packets < 5_000; packets += 1) socket.emit('answer', KILOBYTE);
    await all.promise;
    expect(socket.connected).toBe(true);
    expect(refused).toEqual([]);
  });

  it('stays open when its client reads 50 MiB in bursts of 5 MiB', async () => {
    client.on('answer', (_text: string, acknowledge: () => void) => acknowledge());
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 5 }, () => socket.timeout(5_000).emitWithAck('answer', MEGABYTE)),
      );
    }
    expect(socket.connected).toBe(true);
  });
});
