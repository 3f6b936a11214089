import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { ChatSocket } from '../chat-socket.ts';
import { lastPacketLeft } from './last-packet-left.ts';

/** More than the buffers of a connection on this machine take. */
const LARGE = 'x'.repeat(32 * 1024 * 1024);

describe('lastPacketLeft', () => {
  let http: HttpServer;
  let server: Server;
  let url: string;
  const ends: (() => void)[] = [];

  beforeEach(async () => {
    http = createServer();
    server = new Server(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await server.close();
  });

  const connected = async (connect: () => void): Promise<ChatSocket> => {
    const accepted = once(server, 'connection');
    connect();
    const [socket] = (await accepted) as [ChatSocket];
    return socket;
  };
  const official = async (transport: string): Promise<[ChatSocket, Client]> => {
    const client = io(url, { transports: [transport] });
    ends.push(() => client.close());
    return [await connected(() => client.connect()), client];
  };
  /** A client that stops reading once it is connected. */
  const silent = async (): Promise<[ChatSocket, WebSocket]> => {
    const client = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`);
    client.on('error', () => client.terminate());
    ends.push(() => client.terminate());
    client.once('open', () => client.send('40'));
    const socket = await connected(() => undefined);
    client.pause();
    return [socket, client];
  };
  /** Keeps something queued for the client at every moment. */
  const keepBusy = (socket: ChatSocket): void => {
    let busy = true;
    ends.push(() => (busy = false));
    const more = (): void => {
      if (busy) socket.emit('serverDraining', { reconnectInMs: 0 });
    };
    socket.conn.on('flush', () => process.nextTick(more));
    more();
  };
  const isPending = async (promise: Promise<void>): Promise<boolean> => {
    const later = new Promise<'pending'>((resolve) => setTimeout(resolve, 200, 'pending'));
    return (await Promise.race([promise, later])) === 'pending';
  };

  it.each(['websocket', 'polling'])(
    'resolves once the packet has left, even while more packets are queued, over %s',
    async (transport) => {
      const [socket, client] = await official(transport);
      keepBusy(socket);
      const received = new Promise((resolve) => client.once('sessionExpired', resolve));
      socket.emit('sessionExpired', {});
      await lastPacketLeft(socket);
      await received;
    },
  );

  it('waits until a client that stopped reading resumes, for packets in flight and queued', async () => {
    const [socket, client] = await silent();
    socket.conn.write(LARGE);
    const first = lastPacketLeft(socket);
    socket.emit('sessionExpired', {});
    const second = lastPacketLeft(socket);
    expect(await isPending(first)).toBe(true);
    expect(await isPending(second)).toBe(true);
    client.resume();
    await first;
    await second;
  });

  it.each(['in flight', 'queued'])(
    'resolves when the connection closes with the packet still %s',
    async (where) => {
      const [socket] = await silent();
      socket.conn.write(LARGE);
      if (where === 'queued') socket.emit('sessionExpired', {});
      const left = lastPacketLeft(socket);
      socket.conn.close(true);
      (socket.conn.transport as unknown as { socket: WebSocket }).socket.terminate();
      await left;
    },
  );

  it('resolves without waiting when every packet has left', async () => {
    const [socket] = await official('websocket');
    await lastPacketLeft(socket);
    await lastPacketLeft(socket);
    expect(socket.conn.listenerCount('upgrade')).toBe(0);
  });
});
