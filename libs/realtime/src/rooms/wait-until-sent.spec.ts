import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { ChatSocket } from '../chat-socket.ts';
import { waitUntilSent } from './wait-until-sent.ts';

/** More bytes than the buffers of a connection on this machine hold. */
const LARGE = 'x'.repeat(32 * 1024 * 1024);

describe('waitUntilSent', () => {
  let http: HttpServer;
  let server: Server;
  let url: string;
  const cleanups: (() => void)[] = [];

  beforeEach(async () => {
    http = createServer();
    server = new Server(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const cleanUp of cleanups.splice(0)) cleanUp();
    await server.close();
  });

  const accept = async (connect: () => void): Promise<ChatSocket> => {
    const accepted = once(server, 'connection');
    connect();
    const [socket] = (await accepted) as [ChatSocket];
    return socket;
  };
  const officialClient = async (transport: string): Promise<[ChatSocket, Client]> => {
    const client = io(url, { transports: [transport] });
    cleanups.push(() => client.close());
    return [await accept(() => client.connect()), client];
  };
  /** A client that stops reading once it is connected. */
  const pausedClient = async (): Promise<[ChatSocket, WebSocket]> => {
    const client = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`);
    client.on('error', () => client.terminate());
    cleanups.push(() => client.terminate());
    client.once('open', () => client.send('40'));
    const socket = await accept(() => undefined);
    client.pause();
    return [socket, client];
  };
  /** Keeps a packet queued for the client at all times. */
  const keepBusy = (socket: ChatSocket): void => {
    let busy = true;
    cleanups.push(() => (busy = false));
    const sendNext = (): void => {
      if (busy) socket.emit('serverDraining', { reconnectInMs: 0 });
    };
    socket.conn.on('flush', () => process.nextTick(sendNext));
    sendNext();
  };
  const isPending = async (promise: Promise<void>): Promise<boolean> => {
    const later = new Promise<'pending'>((resolve) => setTimeout(resolve, 200, 'pending'));
    return (await Promise.race([promise, later])) === 'pending';
  };

  it.each(['websocket', 'polling'])(
    'resolves once the packet has left, even while more packets are queued, over %s',
    async (transport) => {
      const [socket, client] = await officialClient(transport);
      keepBusy(socket);
      const received = new Promise((resolve) => client.once('sessionExpired', resolve));
      socket.emit('sessionExpired', {});
      await waitUntilSent(socket);
      await received;
    },
  );

  it('waits for packets in flight and queued packets until a paused client resumes reading', async () => {
    const [socket, client] = await pausedClient();
    socket.conn.write(LARGE);
    const first = waitUntilSent(socket);
    socket.emit('sessionExpired', {});
    const second = waitUntilSent(socket);
    expect(await isPending(first)).toBe(true);
    expect(await isPending(second)).toBe(true);
    client.resume();
    await first;
    await second;
  });

  it.each(['in flight', 'queued'])(
    'resolves when the connection closes with the packet still %s',
    async (position) => {
      const [socket] = await pausedClient();
      socket.conn.write(LARGE);
      if (position === 'queued') socket.emit('sessionExpired', {});
      const sent = waitUntilSent(socket);
      socket.conn.close(true);
      (socket.conn.transport as unknown as { socket: WebSocket }).socket.terminate();
      await sent;
    },
  );

  it('resolves without waiting when every packet has left', async () => {
    const [socket] = await officialClient('websocket');
    await waitUntilSent(socket);
    await waitUntilSent(socket);
    expect(socket.conn.listenerCount('upgrade')).toBe(0);
  });
});
