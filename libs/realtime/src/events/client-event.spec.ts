import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CLIENT_EVENTS, type ClientEvent as ClientEventName } from '@chat/contracts';
import { NotFoundError } from '@chat/platform/failures';
import { Logger, Module, UseGuards, type INestApplication, type Type } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket as Client } from 'socket.io-client';
import type { ChatServer, ChatSocket } from '../chat-socket.ts';
import { RealtimeMetrics } from '../realtime-metrics.ts';
import { SocketIoAdapter } from '../socket-io.adapter.ts';
import {
  AcknowledgingClientEvent,
  ClientEvent,
  type ClientEventAck,
  type ClientEventPayload,
} from './client-event.ts';
import { HandlerCheck } from './handler-check.ts';

const HEARTBEAT = { SOCKET_PING_INTERVAL_MS: 20_000, SOCKET_PING_TIMEOUT_MS: 15_000 };
const JOINED = { roomId: 'den', seq: 0, rev: 0, role: 'member' } as const;

/** Payloads or events that the gateways below have received. */
let calls: unknown[];
/** Middleware of every socket, before the handlers. */
let middleware: (event: unknown[], next: () => void) => void;
let renewal: Promise<{ expiresIn: number }>;
let serverSocket: ChatSocket;
/** Spies on the methods that the adapter uses to listen to the socket. */
let listening: unknown[];
let disconnected: unknown[];

@WebSocketGateway()
class Rooms {
  afterInit(server: ChatServer): void {
    server.use((socket, next) => {
      serverSocket = socket;
      socket.use((event, admit) => middleware(event, admit));
      listening = [jest.spyOn(socket, 'use'), jest.spyOn(socket, 'once')];
      next();
    });
  }

  @AcknowledgingClientEvent('joinRoom')
  joinRoom(
    socket: ChatSocket,
    payload: ClientEventPayload<'joinRoom'>,
    acknowledge: ClientEventAck<'joinRoom'>,
  ): void {
    calls.push(payload);
    acknowledge(JOINED);
    socket.emit('roomRemoved', { roomId: 'den' });
  }

  @AcknowledgingClientEvent('leaveRoom')
  leaveRoom(_socket: ChatSocket, { roomId }: ClientEventPayload<'leaveRoom'>): void {
    throw new NotFoundError(`Room ${roomId} not found.`);
  }
}

@WebSocketGateway()
class Sends {
  handleDisconnect(socket: ChatSocket): void {
    disconnected.push(socket);
  }

  @ClientEvent('sendMessage')
  sendMessage(_socket: ChatSocket, payload: ClientEventPayload<'sendMessage'>) {
    calls.push(payload);
    return Promise.resolve({ id: 'm1', clientMessageId: payload.clientMessageId ?? 'c1' });
  }
}

@WebSocketGateway()
class Sessions {
  handleDisconnect(socket: ChatSocket): void {
    disconnected.push(socket);
  }

  @ClientEvent('renewSession')
  renewSession() {
    calls.push('renewSession');
    return renewal;
  }
}

/** Waits until the condition holds. */
async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** Starts an app with these gateways, and other providers. */
async function start(...providers: Type[]): Promise<INestApplication> {
  const metrics: Pick<RealtimeMetrics, 'countError'> = { countError: () => undefined };
  @Module({
    imports: [DiscoveryModule],
    providers: [{ provide: RealtimeMetrics, useValue: metrics }, ...providers],
  })
  class Events {}
  const app = await NestFactory.create(Events, { logger: false, abortOnError: false });
  app.useWebSocketAdapter(new SocketIoAdapter(app, { cors: {}, heartbeat: HEARTBEAT }));
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('start-up of the socket server', () => {
  /** Has a handler for every event of the contract except `renewSession`. */
  @WebSocketGateway()
  class OtherEvents {}
  for (const event of Object.keys(CLIENT_EVENTS) as ClientEventName[]) {
    if (event === 'renewSession') continue;
    const descriptor = {
      value: (): never => {
        throw new Error('No client is connected.');
      },
    };
    ClientEvent(event)(OtherEvents.prototype, event, descriptor);
    Object.defineProperty(OtherEvents.prototype, event, descriptor);
  }

  @WebSocketGateway()
  class SecondSessions {
    @ClientEvent('renewSession')
    renew() {
      return { expiresIn: 1 };
    }
  }
  @WebSocketGateway()
  class Undeclared {
    @SubscribeMessage('renewSession')
    renewSession() {
      return { expiresIn: 1 };
    }
  }
  @WebSocketGateway()
  class Foreign {
    @SubscribeMessage('noSuchEvent')
    noSuchEvent() {
      return {};
    }
  }
  class NotAGateway {
    @ClientEvent('renewSession')
    renewSession() {
      return { expiresIn: 1 };
    }
  }

  it.each<[string, Type[], string]>([
    ['an event has no handler', [], 'renewSession has no handler'],
    ['the class of a handler is not a gateway', [NotAGateway], 'renewSession has no handler'],
    [
      'an event has two handlers',
      [Sessions, SecondSessions],
      'renewSession has several handlers: Sessions.renewSession, SecondSessions.renew',
    ],
    [
      'a handler has an event that is not in the contract',
      [Sessions, Foreign],
      'noSuchEvent, handled by Foreign.noSuchEvent, is not a client event of the contract',
    ],
    [
      'a handler is bound without validation',
      [Undeclared],
      "Undeclared.renewSession is not declared by @ClientEvent('renewSession')",
    ],
  ])('fails when %s', async (_case, gateways, problem) => {
    const started = start(HandlerCheck, OtherEvents, ...gateways);
    await expect(started).rejects.toThrow(`Socket events: ${problem}.`);
  });

  it('succeeds when every event of the contract has one handler', async () => {
    await (await start(HandlerCheck, OtherEvents, Sessions)).close();
  });
});

describe('client events', () => {
  let app: INestApplication;
  let client: Client;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    calls = [];
    disconnected = [];
    middleware = (_event, next) => next();
    renewal = Promise.resolve({ expiresIn: 60 });
    app = await start(Rooms, Sends, Sessions);
    client = io(await app.getUrl(), { transports: ['websocket'], reconnection: false });
    await new Promise<void>((resolve) => client.once('connect', resolve));
  });

  afterEach(async () => {
    client.disconnect();
    await app.close();
  });

  it('reach the handlers of several gateways over one socket', async () => {
    expect(await client.emitWithAck('renewSession', { token: 't' })).toEqual({
      ok: true,
      expiresIn: 60,
    });
    expect(await client.emitWithAck('sendMessage', { roomId: 'den', text: 'hi' })).toMatchObject({
      ok: true,
      id: 'm1',
    });
  });

  it('need one event listener and one disconnect listener per socket, for all gateways', async () => {
    for (const spy of listening) expect(spy).toHaveBeenCalledTimes(1);
    client.disconnect();
    await waitUntil(() => disconnected.length > 0);
    expect(disconnected).toEqual([serverSocket, serverSocket]);
  });

  it('reach their handler with the payload that the schema of the contract returns', async () => {
    await client.emitWithAck('joinRoom', 'den');
    await client.emitWithAck('sendMessage', { roomId: 'den', text: 'hi', username: 'eve' });
    expect(calls).toEqual([{ roomId: 'den' }, { roomId: 'den', text: 'hi' }]);
  });

  it.each([
    ['no payload', []],
    ['an invalid payload', [{ roomId: 7 }]],
    ['several arguments', ['den', 'den']],
  ])('fail with VALIDATION, and reach no handler, with %s', async (_case, args) => {
    expect(await client.emitWithAck('joinRoom', ...args)).toMatchObject({
      ok: false,
      error: { code: 'VALIDATION' },
    });
    expect(calls).toEqual([]);
  });

  it('return the failure of their handler, or emit exception if there is no callback', async () => {
    const error = { code: 'NOT_FOUND', message: 'Room den not found.' };
    expect(await client.emitWithAck('leaveRoom', 'den')).toMatchObject({ ok: false, error });
    const exception = new Promise((resolve) => client.once('exception', resolve));
    client.emit('leaveRoom', 'den');
    expect(await exception).toMatchObject({ event: 'leaveRoom', error });
  });

  it('are acknowledged by an acknowledging handler before the events that it emits next', async () => {
    const order: string[] = [];
    client.on('roomRemoved', () => order.push('event'));
    client.emit('joinRoom', 'den', () => order.push('acknowledgement'));
    await waitUntil(() => order.length === 2);
    expect(order).toEqual(['acknowledgement', 'event']);
  });

  it('reach no handler when they are admitted after their socket has disconnected', async () => {
    const admitted = new Promise<() => void>((resolve) => {
      middleware = (_event, next) => resolve(next);
    });
    client.emit('joinRoom', 'den');
    const admit = await admitted;
    client.disconnect();
    await waitUntil(() => !serverSocket.connected);
    admit();
    await delay(20);
    expect(calls).toEqual([]);
  });

  it('are not acknowledged after their socket has disconnected', async () => {
    const acknowledged: unknown[] = [];
    middleware = (event, next) => {
      event[event.length - 1] = (ack: unknown) => acknowledged.push(ack);
      next();
    };
    const { promise, resolve } = Promise.withResolvers<{ expiresIn: number }>();
    renewal = promise;
    client.emit('renewSession', { token: 't' }, () => undefined);
    await waitUntil(() => calls.length > 0);
    client.disconnect();
    await waitUntil(() => !serverSocket.connected);
    resolve({ expiresIn: 60 });
    await delay(20);
    expect(acknowledged).toEqual([]);
  });

  it('pass the guards of their handler first', async () => {
    @WebSocketGateway()
    class Guarded {
      @ClientEvent('renewSession')
      @UseGuards({
        canActivate: () => {
          throw new NotFoundError('Guarded.');
        },
      })
      renewSession() {
        calls.push('renewSession');
        return renewal;
      }
    }
    const guarded = await start(Guarded);
    const other = io(await guarded.getUrl(), { transports: ['websocket'], reconnection: false });
    try {
      expect(await other.emitWithAck('renewSession', { token: 't' })).toMatchObject({
        ok: false,
        error: { code: 'NOT_FOUND' },
      });
      expect(calls).toEqual([]);
    } finally {
      other.disconnect();
      await guarded.close();
    }
  });
});
