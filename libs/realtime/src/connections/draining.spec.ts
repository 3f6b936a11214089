import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, jest } from '@jest/globals';
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

  it.each([
    { sockets: 100, atMostMs: 350 },
    { sockets: 1_000, atMostMs: 1_250 },
    { sockets: 10_000, atMostMs: 2_250 },
  ])(
    'tells $sockets clients to reconnect after 250 to $atMostMs ms',
    async ({ sockets: count, atMostMs }) => {
      Logger.overrideLogger(false);
      const waits: number[] = [];
      const sockets = new ConnectedSockets(new RoomFanOut());
      const emit = (_event: string, { reconnectInMs }: { reconnectInMs: number }) =>
        waits.push(reconnectInMs);
      const conn = {
        once: (_event: string, closed: () => void) => closed(),
        close: () => undefined,
      };
      const connected = Array.from({ length: count }, () => ({ emit, conn }));
      jest.spyOn(sockets, 'all').mockReturnValue(connected as unknown as ChatSocket[]);
      await new Draining(sockets, new RoomFanOut()).beforeApplicationShutdown();
      expect(waits).toHaveLength(count);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(250);
      expect(Math.max(...waits)).toBeLessThanOrEqual(atMostMs);
      // Not all at the same time: the latest of them waits for most of that time.
      expect(Math.max(...waits)).toBeGreaterThan(250 + (atMostMs - 250) / 2);
    },
  );

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
