import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import type { ChatSocket } from './chat-socket.ts';
import { SlowSockets } from './slow-sockets.ts';

const MEGABYTE = 'x'.repeat(1024 * 1024);

/** What the connection of a client is made of, where it can be told to read no more. */
interface PausableTransport {
  readonly ws: { pause(): void; resume(): void };
}

describe('a socket', () => {
  let server: Server;
  let client: Client;
  let socket: Socket;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    const http = createServer();
    server = new Server(http);
    const slowSockets = new SlowSockets();
    const connected = Promise.withResolvers<Socket>();
    server.on('connection', (accepted) => {
      const guarded: unknown = accepted;
      slowSockets.guard(guarded as ChatSocket);
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

  it('whose client reads no more is closed after megabytes, not after packets', async () => {
    const { ws } = client.io.engine.transport as unknown as PausableTransport;
    ws.pause();
    let megabytes = 0;
    while (socket.connected && megabytes < 200) {
      socket.emit('answer', MEGABYTE);
      megabytes += 1;
      await nextTurn();
    }
    ws.resume();
    expect(socket.connected).toBe(false);
    // What the kernel holds for both sides counts too.
    expect(megabytes).toBeLessThan(40);
  });

  it('whose client reads is kept, however much it is sent', async () => {
    client.on('answer', (_text: string, acknowledge: () => void) => acknowledge());
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 5 }, () => socket.timeout(5_000).emitWithAck('answer', MEGABYTE)),
      );
    }
    expect(socket.connected).toBe(true);
  });
});
