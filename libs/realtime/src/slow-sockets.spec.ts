import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import type { ConnectionRefusals } from './connections/connection-refusals.ts';
import { MAX_UNSENT_BYTES, SlowSockets } from './slow-sockets.ts';

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

  beforeEach(async () => {
    const http = createServer();
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
    await server.close();
  });

  const connectionOf = () => (client.io.engine.transport as unknown as PausableTransport).ws;

  it('is closed when its client does not read and megabytes wait for it', async () => {
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

  it('is closed when its client has read nothing of a backlog for seconds', async () => {
    connectionOf().pause();
    for (let megabytes = 0; megabytes < 12; megabytes += 1) socket.emit('answer', MEGABYTE);
    const begin = performance.now();
    await once(socket, 'disconnect');
    expect(performance.now() - begin).toBeGreaterThan(4_000);
    expect(refused).toEqual(['slow']);
    connectionOf().resume();
  }, 20_000);

  it('is kept while its client reads a backlog slowly', async () => {
    const reading = connectionOf();
    let received = 0;
    client.on('answer', () => {
      received += 1;
      // Half a megabyte a second, or more where the machine is slow to pause.
      reading.pause();
      setTimeout(() => reading.resume(), 2_000);
    });
    for (let megabytes = 0; megabytes < 12; megabytes += 1) socket.emit('answer', MEGABYTE);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect(received).toBeGreaterThan(2);
    expect(socket.connected).toBe(true);
    reading.resume();
  }, 20_000);

  it('is kept when one turn hands over thousands of packets', async () => {
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

  it('is kept when its client reads, however much it is sent', async () => {
    client.on('answer', (_text: string, acknowledge: () => void) => acknowledge());
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 5 }, () => socket.timeout(5_000).emitWithAck('answer', MEGABYTE)),
      );
    }
    expect(socket.connected).toBe(true);
  });
});
