import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RateLimiter } from '@chat/platform/limits';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import type { ChatSocket } from '../chat-socket.ts';
import type { ConnectionRefusals } from '../connections/connection-refusals.ts';
import type { Draining } from '../connections/draining.ts';
import { EventAdmission } from './event-admission.ts';
import type { RealtimeMetrics } from '../realtime-metrics.ts';

const BURST = 100;

/** A limiter that responds only after `respond()`. */
class SlowLimiter extends RateLimiter {
  taken = 0;
  readonly #response = Promise.withResolvers<number>();
  take(): Promise<number> {
    this.taken += 1;
    return this.#response.promise;
  }
  refund(): Promise<void> {
    return Promise.resolve();
  }
  respond(): void {
    this.#response.resolve(0);
  }
}

describe('EventAdmission', () => {
  let limiter: SlowLimiter;
  let admission: EventAdmission;
  let server: Server;
  let client: Client;
  let socket: Socket;
  let arrived: number;
  let reasons: string[];

  beforeEach(async () => {
    limiter = new SlowLimiter();
    const limit = { points: 1, windowMs: 1_000, burst: BURST };
    const settings = {
      sendLimit: limit,
      eventLimit: limit,
      maxSocketsPerUser: 1,
      connectLimit: limit,
      maxUnauthenticated: { perAddress: 1, total: 1 },
    };
    reasons = [];
    const draining: Pick<Draining, 'rejectIfDraining'> = { rejectIfDraining: () => undefined };
    const metrics: Pick<RealtimeMetrics, 'countError'> = {
      countError: () => undefined,
    };
    const refusals: Pick<ConnectionRefusals, 'count'> = { count: (reason) => reasons.push(reason) };
    admission = new EventAdmission(
      settings,
      limiter,
      draining as Draining,
      metrics as RealtimeMetrics,
      refusals as ConnectionRefusals,
    );
    const http = createServer();
    server = new Server(http);
    const connected = Promise.withResolvers<Socket>();
    server.on('connection', (accepted) => {
      const guarded: unknown = Object.assign(accepted, { data: { identity: { userId: 'ann' } } });
      admission.guard(guarded as ChatSocket);
      connected.resolve(accepted);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false });
    socket = await connected.promise;
    arrived = 0;
    socket.conn.on('data', () => (arrived += 1));
  });

  afterEach(async () => {
    limiter.respond();
    client.disconnect();
    await server.close();
  });

  it('holds events while the rate limiter is slow, then admits them in order', async () => {
    const admitted: number[] = [];
    const last = Promise.withResolvers<void>();
    socket.on('sendMessage', (index: number) => {
      if (admitted.push(index) === BURST) last.resolve();
    });
    for (let index = 0; index < BURST; index += 1) client.emit('sendMessage', index);
    while (arrived < BURST) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(admitted).toEqual([]);
    limiter.respond();
    await last.promise;
    expect(admitted).toEqual(Array.from({ length: BURST }, (_, index) => index));
    client.emit('sendMessage', 'later');
    await once(socket, 'sendMessage');
  });

  it('closes the connection when too many events wait, and does not call the limiter again', async () => {
    const disconnected = once(socket, 'disconnect');
    for (let index = 0; index < 10_000; index += 1) {
      client.emit('sendMessage', 'x'.repeat(400));
    }
    await disconnected;
    expect(arrived).toBeLessThan(2_000);
    limiter.respond();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(limiter.taken).toBe(1);
    expect(reasons).toEqual(['events_waiting']);
  });

  it('closes the connection when a few large waiting events add up to megabytes', async () => {
    const disconnected = once(socket, 'disconnect');
    for (let index = 0; index < 500; index += 1) {
      client.emit('sendMessage', 'x'.repeat(60_000));
    }
    await disconnected;
    expect(arrived).toBeLessThan(60);
    expect(reasons).toEqual(['events_waiting']);
  });

  it('keeps the connection during a burst of messages of maximum length', async () => {
    for (let index = 0; index < 200; index += 1) client.emit('sendMessage', 'x'.repeat(4_000));
    while (arrived < 200) await new Promise((resolve) => setTimeout(resolve, 5));
    limiter.respond();
    await once(socket, 'sendMessage');
    expect(socket.connected).toBe(true);
  });

  it('reports that the received events are handled once all of their handlers have started', async () => {
    const handled: number[] = [];
    socket.on('sendMessage', (index: number) => handled.push(index));
    for (let index = 0; index < 3; index += 1) client.emit('sendMessage', index);
    while (arrived < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    const whenHandled = admission.whenHandled(socket as ChatSocket);
    const first = await Promise.race([whenHandled, new Promise((r) => setTimeout(r, 20, 'timer'))]);
    expect(first).toBe('timer');
    limiter.respond();
    await whenHandled;
    expect(handled).toEqual([0, 1, 2]);
  });

  it('reports that the received events are handled when the socket is disconnected', async () => {
    for (let index = 0; index < 3; index += 1) client.emit('sendMessage', index);
    while (arrived < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    const whenHandled = admission.whenHandled(socket as ChatSocket);
    socket.disconnect();
    limiter.respond();
    await expect(whenHandled).resolves.toBeUndefined();
  });
});
