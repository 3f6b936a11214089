import { describe, expect, it } from '@jest/globals';
import { defineSignal, Signals } from '@chat/platform/signals';
import { Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SignalListener } from './signal-listener.ts';

const ENDED = defineSignal('ended', {});

describe('SignalListener', () => {
  it('stays subscribed until all sockets are drained, then unsubscribes', async () => {
    let subscribed = false;
    let subscribedWhileDraining: boolean | undefined;
    const signals: Pick<Signals, 'on'> = {
      on: () => {
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
        { provide: 'draining', useValue: draining },
      ],
    })
    class Realtime {}
    const app = await NestFactory.createApplicationContext(Realtime, { logger: false });
    app.get(SignalListener).on(ENDED, () => undefined);
    await app.close();
    expect(subscribedWhileDraining).toBe(true);
    expect(subscribed).toBe(false);
  });
});
