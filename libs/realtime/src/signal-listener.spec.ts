import { describe, expect, it } from '@jest/globals';
import { Signals } from '@chat/platform';
import { Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConnectedSockets } from './connected-sockets.ts';
import { MembershipChanges } from './rooms/membership-changes.ts';
import { SocketSessions } from './sessions/socket-sessions.ts';
import { SignalListener } from './signal-listener.ts';

describe('SignalListener', () => {
  it('stays subscribed until all sockets are drained, then unsubscribes', async () => {
    let subscribed = false;
    let subscribedWhileDraining: boolean | undefined;
    const signals: Pick<Signals, 'subscribe'> = {
      subscribe: () => {
        subscribed = true;
        return () => (subscribed = false);
      },
    };
    const draining: BeforeApplicationShutdown = {
      beforeApplicationShutdown: () => {
        subscribedWhileDraining = subscribed;
      },
    };
    @Module({
      providers: [
        SignalListener,
        { provide: Signals, useValue: signals },
        { provide: MembershipChanges, useValue: {} },
        { provide: SocketSessions, useValue: {} },
        { provide: ConnectedSockets, useValue: {} },
        { provide: 'draining', useValue: draining },
      ],
    })
    class Realtime {}
    const app = await NestFactory.createApplicationContext(Realtime, { logger: false });
    await app.close();
    expect(subscribedWhileDraining).toBe(true);
    expect(subscribed).toBe(false);
  });
});
