import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import type { ChatSocket } from '../chat-socket.ts';
import { EncodedEvent } from './encoded-event.ts';

function message(text: string): Message {
  return {
    id: '0'.repeat(22),
    roomId: 'general',
    seq: 1,
    rev: 1,
    userId: 'u1',
    username: 'ann',
    text,
    timestamp: '2026-01-01T00:00:00.000Z',
  };
}

describe('EncodedEvent', () => {
  let server: Server;
  let url: string;
  const clients: Client[] = [];

  beforeEach(async () => {
    const http = createServer();
    server = new Server(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await server.close();
  });

  async function connect(transport: 'polling' | 'websocket'): Promise<[Client, ChatSocket]> {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = io(url, { transports: [transport], reconnection: false, forceNew: true });
    clients.push(client);
    const [socket]: unknown[] = await accepted;
    await new Promise<void>((resolve) => client.once('connect', resolve));
    return [client, socket as ChatSocket];
  }

  it.each(['polling', 'websocket'] as const)(
    'arrives over %s unchanged and in order with events that the socket emitted',
    async (transport) => {
      const [client, socket] = await connect(transport);
      const received: unknown[] = [];
      client.onAny((...event: unknown[]) => received.push(event));
      const end = new Promise<void>((resolve) => client.once('sessionExpired', () => resolve()));
      const sizes = [0, 1, 100, 125, 126, 1_000, 65_000, 65_535, 65_536, 100_000];
      const messages = [...sizes.map((size) => message('ä'.repeat(size))), message('"🙂\n\u2028')];
      socket.emit('roomRemoved', { roomId: 'first' });
      for (const message of messages) new EncodedEvent('receiveMessage', message).writeTo(socket);
      socket.emit('sessionExpired', {});
      await end;
      expect(received).toEqual([
        ['roomRemoved', { roomId: 'first' }],
        ...messages.map((message) => ['receiveMessage', message]),
        ['sessionExpired', {}],
      ]);
    },
  );

  it('is written to two WebSockets as the same encoded frame', async () => {
    const [, first] = await connect('websocket');
    const [, second] = await connect('websocket');
    const written: Buffer[] = [];
    for (const { conn } of [first, second]) {
      const transport: unknown = conn.transport;
      const { socket } = transport as { socket: { _socket: { write: (data: Buffer) => boolean } } };
      const tcpSocket = socket._socket;
      const write = tcpSocket.write.bind(tcpSocket);
      tcpSocket.write = (data, ...more) => {
        written.push(data);
        return write(data, ...more);
      };
    }
    const event = new EncodedEvent('receiveMessage', message('hello'));
    for (const socket of [first, second]) event.writeTo(socket);
    expect(written).toHaveLength(2);
    expect(written[0]).toBe(written[1]);
  });
});
