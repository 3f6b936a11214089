import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { Logger } from '@nestjs/common';
import { Server, type Socket } from 'socket.io';
import { io } from 'socket.io-client';
import type { ChatServer, ChatSocket } from '../chat-socket.ts';
import { Draining } from './draining.ts';
import { ConnectedSockets } from './connected-sockets.ts';
import { RoomFanOut } from '../fan-out/room-fan-out.ts';

const CHANGES = 5_000;

describe('Draining', () => {
  it('closes a socket only after its client has received every change sent to its room', async () => {
    Logger.overrideLogger(false);
    const http = createServer();
    const server = new Server(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const fanOut = new RoomFanOut();
    const sockets = new ConnectedSockets(fanOut);
    const attached: unknown = server;
    sockets.attach(attached as ChatServer);
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const client = io(url, { transports: ['websocket'], reconnection: false });
    const [member]: unknown[] = await accepted;
    await new Promise<void>((resolve) => client.once('connect', resolve));
    const revs: number[] = [];
    client.on('receiveMessage', ({ rev }: Message) => revs.push(rev));
    const closed = new Promise((resolve) => client.once('disconnect', resolve));
    fanOut.enter('general', member as ChatSocket);
    for (let rev = 1; rev <= CHANGES; rev += 1) {
      const change: Message = {
        id: String(rev).padStart(22, '0'),
        roomId: 'general',
        seq: rev,
        rev,
        userId: 'u1',
        username: 'ann',
        text: 'hello',
        timestamp: '2026-01-01T00:00:00.000Z',
      };
      fanOut.sendChanges('general', [{ name: 'receiveMessage', payload: change }], () => undefined);
    }
    await new Draining(sockets, fanOut).beforeApplicationShutdown();
    await closed;
    expect(revs).toEqual(Array.from({ length: CHANGES }, (_, index) => index + 1));
    await server.close();
  });

  it('waits for registered work that is in flight', async () => {
    Logger.overrideLogger(false);
    const fanOut = new RoomFanOut();
    const sockets = new ConnectedSockets(fanOut);
    const server: unknown = new Server();
    sockets.attach(server as ChatServer);
    const draining = new Draining(sockets, fanOut);
    const work = Promise.withResolvers<void>();
    draining.waitFor(() => work.promise);
    let drained = false;
    const done = draining.beforeApplicationShutdown().then(() => (drained = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(drained).toBe(false);
    work.resolve();
    await done;
  });
});
