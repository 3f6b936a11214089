import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/contracts';
import type { DeletedRooms } from '@chat/messages';
import { eventually, RabbitMqServer } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { eventIn } from '../../test/events.ts';
import { InMemoryMessageStore } from '../../test/in-memory-message-store.ts';
import {
  HEARTBEAT_MS,
  startMessages,
  type MessagesInstance,
} from '../../test/messages-instance.ts';
import { DeadLetters, type DeadLetter } from './dead-letters.ts';
import { RabbitMqMessagePublisher } from './rabbitmq-message-publisher.ts';

jest.setTimeout(60_000);

/** More than a channel has in hand: they cannot all come unless some are acknowledged. */
const WAITING = 1_200;

describeWith('rabbitmq-server', 'while the broker is short of memory', () => {
  let broker: RabbitMqServer;
  let store: InMemoryMessageStore;
  let publisher: RabbitMqMessagePublisher;
  let deadLetters: DeadLetters;
  let running: MessagesInstance[];
  const deletedRooms: DeletedRooms = { deletedOf: () => Promise.resolve(new Set(['gone'])) };

  beforeAll(async () => {
    broker = await RabbitMqServer.start();
    deadLetters = await DeadLetters.open(broker.url);
  });
  afterAll(async () => {
    await deadLetters.close();
    await broker.close();
  });

  beforeEach(async () => {
    store = new InMemoryMessageStore();
    publisher = new RabbitMqMessagePublisher({
      url: broker.url,
      heartbeatSeconds: 1,
      name: 'chat',
      publishTimeoutMs: 2_000,
    });
    running = [await start(), await start()];
    await eventually(() => expect(shares()).toEqual([8, 8]));
    await eventually(() => publisher.check());
  });
  afterEach(async () => {
    await endAlarm();
    await publisher.onApplicationShutdown();
    await Promise.all(running.map(({ app }) => app.close()));
  });

  const start = () => startMessages(broker.url, store, [], deletedRooms);
  const shares = () => running.map(({ server }) => server.ownedPartitions.length);

  const limitMemory = (limit: string) =>
    broker.control('set_vm_memory_high_watermark', 'absolute', limit);
  const endAlarm = () => limitMemory('1GB');

  /** Lasts for longer than heartbeats may be missing. */
  async function raiseAlarm(): Promise<void> {
    await limitMemory('1MB');
    await eventually(() =>
      expect(publisher.publish(eventIn('random'))).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
    );
    await delay(HEARTBEAT_MS * 5);
  }

  async function letters(): Promise<DeadLetter[]> {
    const all: DeadLetter[] = [];
    for await (const letter of deadLetters.all()) all.push(letter);
    return all;
  }

  it('what waits is stored and acknowledged all the same, in its order', async () => {
    store.away = true;
    const events = Array.from({ length: WAITING }, () => eventIn('general'));
    await Promise.all(events.map((event) => publisher.publish(event)));
    await raiseAlarm();
    store.away = false;
    await eventually(() => {
      expect(store.of('general').map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    }, 15_000);
    const [instance] = running as [MessagesInstance];
    const none = Array<number>(PARTITION_COUNT).fill(0);
    await eventually(async () => expect(await instance.server.queueDepths()).toEqual(none));
    await instance.server.check();
  });

  it('nobody is left without an owner, and afterwards everybody has its share again', async () => {
    await raiseAlarm();
    await eventually(() => expect(Math.max(...shares())).toBe(PARTITION_COUNT));
    await endAlarm();
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('what can never be stored waits, and is put aside once when that is over', async () => {
    store.away = true;
    const [late, next] = [eventIn('gone'), eventIn('news')];
    await publisher.publish(late);
    await publisher.publish(next);
    await raiseAlarm();
    store.away = false;
    await eventually(() => expect(store.of('news').map(({ id }) => id)).toEqual([next.id]));
    // Longer than a confirm is waited for.
    await delay(6_000);
    await endAlarm();
    await eventually(async () => expect((await letters()).map(({ id }) => id)).toEqual([late.id]));
    await delay(HEARTBEAT_MS * 5);
    expect(await letters()).toHaveLength(1);
  });
});
