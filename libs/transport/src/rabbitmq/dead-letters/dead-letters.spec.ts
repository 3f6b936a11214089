import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { MESSAGE_CREATE } from '@chat/messages/commands';
import type { DeletedRooms, EventDelivery } from '@chat/messages';
import { eventually, sharedRabbitMq, type SharedRabbitMq } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern } from '@nestjs/microservices';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { eventIn } from '../../../test/events.ts';
import { InMemoryMessageStore } from '../../../test/in-memory-message-store.ts';
import { startMessages, type MessagesInstance } from '../../../test/messages-instance.ts';
import { resumeQueue, suspendQueue } from '../../../test/queue-process.ts';
import { publishConfirmed } from '../connection/publish-confirmed.ts';
import {
  DEAD_LETTER_EXCHANGE,
  DEAD_LETTER_QUEUE,
  declareDeadLetters,
  declareTopology,
  EVENTS_EXCHANGE,
  routingKeyOf,
  routingKeyOfRoom,
} from '../topology.ts';
import { publishDeadLetter, type DeadLetter } from './dead-letter.ts';
import { DeadLetters } from './dead-letters.ts';

const CLOSE_CHANNEL = 'test.close-channel';
const closeChannel = jest.fn((delivery: EventDelivery) => delivery.acknowledge());

/** A delivery that its handler does not settle makes the server close the channel. */
@Controller()
class ChannelCloser {
  @EventPattern(CLOSE_CHANNEL)
  close(@Ctx() delivery: unknown): Promise<void> {
    closeChannel(delivery as EventDelivery);
    return Promise.resolve();
  }
}

describeWithProgram('rabbitmq-server', 'the dead-letter queue', () => {
  let broker: SharedRabbitMq;
  let url: string;
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  let store: InMemoryMessageStore;
  let messages: MessagesInstance;
  const deletedOf = jest.fn<DeletedRooms['deletedOf']>(() => Promise.resolve(new Set(['gone'])));
  const deletedRooms = { deletedOf };
  let deadLetters: DeadLetters;

  beforeAll(async () => {
    broker = sharedRabbitMq('dead-letters');
    ({ url } = broker);
    connection = await connect(url);
    channel = await connection.createConfirmChannel();
    deadLetters = await DeadLetters.open(url);
  });
  afterAll(async () => {
    await deadLetters.close();
    await connection.close();
  });

  beforeEach(async () => {
    await declareTopology(channel);
    await channel.purgeQueue(DEAD_LETTER_QUEUE);
    store = new InMemoryMessageStore();
    messages = await startMessages(url, store, { deletedRooms });
  });
  afterEach(() => messages.app.close());

  /** Publishes raw content, as an unknown publisher might. */
  function send(content: string, messageId?: string): Promise<void> {
    return publishConfirmed(
      channel,
      EVENTS_EXCHANGE,
      routingKeyOfRoom('general'),
      Buffer.from(content),
      messageId === undefined ? {} : { messageId },
    );
  }

  function create(data: unknown): string {
    return JSON.stringify({ pattern: MESSAGE_CREATE, data });
  }

  async function all(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const letter of deadLetters.all()) letters.push(letter);
    return letters;
  }

  async function waitForLetters(count: number): Promise<DeadLetter[]> {
    let letters: DeadLetter[] = [];
    await eventually(async () => expect((letters = await all())).toHaveLength(count));
    return letters;
  }

  it('receives events that cannot be handled, with the reason, and the next event is stored', async () => {
    const event = eventIn('general');
    await send('not JSON');
    await send('["JSON", "but not an event"]');
    await send(JSON.stringify({ pattern: 'message.unhandled', data: {} }), 'unhandled');
    await send(create({ ...eventIn('general'), roomId: 17, text: undefined }), 'malformed');
    await send(create(event));
    await eventually(() => expect(store.messages.map(({ id }) => id)).toEqual([event.id]));
    const letters = await waitForLetters(4);
    expect(letters.map(({ reason }) => reason).sort()).toEqual([
      'Invalid message.create event; invalid fields: roomId, text.',
      'No handler for the pattern "message.unhandled".',
      'The event is not JSON with a pattern and data.',
      'The event is not JSON with a pattern and data.',
    ]);
    const unhandled = letters.find(({ id }) => id === 'unhandled');
    expect(unhandled).toMatchObject({ partition: 11, roomId: undefined });
    expect(unhandled?.content.toString()).toContain('message.unhandled');
    expect(Math.abs(Date.now() - Number(unhandled?.deadLetteredAt))).toBeLessThan(10_000);
    expect(letters.every(({ id }) => id.length > 0)).toBe(true);
  });

  it('receives a message to a deleted room, and the next message is stored', async () => {
    const [late, next] = [eventIn('gone'), eventIn('general')];
    // With the routing key of the other room, so that both go through the same queue.
    await send(create(late), late.id);
    await send(create(next), next.id);
    expect(await waitForLetters(1)).toMatchObject([
      { id: late.id, roomId: 'gone', reason: 'Its room was deleted.' },
    ]);
    await eventually(() => expect(store.messages.map(({ id }) => id)).toEqual([next.id]));
  });

  it('contains an event once when its partition is handed over before the letter is confirmed', async () => {
    await messages.app.close();
    messages = await startMessages(url, store, { deletedRooms, drainTimeoutMs: 1 });
    const nextInstance = await startMessages(url, store, { deletedRooms });
    await eventually(() => expect(messages.server.ownedPartitions).toHaveLength(8));
    const routingKey = routingKeyOf(messages.server.ownedPartitions[0] ?? 0);
    const [late, next] = [eventIn('gone'), eventIn('general')];
    deletedOf.mockClear();
    await suspendQueue(broker, DEAD_LETTER_QUEUE);
    for (const event of [late, next]) {
      await publishConfirmed(channel, EVENTS_EXCHANGE, routingKey, Buffer.from(create(event)), {
        messageId: event.id,
      });
    }
    await eventually(() => expect(deletedOf).toHaveBeenCalled());
    const closing = messages.app.close();
    messages = nextInstance;
    await eventually(() => expect(nextInstance.server.ownedPartitions).toHaveLength(16));
    await resumeQueue(broker, DEAD_LETTER_QUEUE);
    await closing;
    await eventually(() => expect(store.messages.map(({ id }) => id)).toEqual([next.id]));
    expect(await waitForLetters(1)).toMatchObject([{ id: late.id }]);
  });

  it('contains an event once when its channel closes before the event is rejected', async () => {
    await messages.app.close();
    messages = await startMessages(url, store, { deletedRooms, controllers: [ChannelCloser] });
    const { promise: deleted, resolve: resolveDeleted } = Promise.withResolvers<Set<string>>();
    deletedOf.mockClear().mockReturnValueOnce(deleted);
    closeChannel.mockReturnValueOnce(undefined);
    const [late, fence] = [eventIn('gone'), eventIn('gone')];
    await send(create(late), late.id);
    await eventually(() => expect(deletedOf).toHaveBeenCalledTimes(1));
    await send(JSON.stringify({ pattern: CLOSE_CHANNEL, data: {} }));
    await eventually(() => expect(closeChannel).toHaveBeenCalledTimes(1));
    await delay(20);
    resolveDeleted(new Set(['gone']));
    await eventually(() => expect(closeChannel).toHaveBeenCalledTimes(2));
    await send(create(fence), fence.id);
    // The queue is ordered: a second letter for the first event would precede the fence.
    await eventually(async () => expect((await all()).at(-1)?.id).toBe(fence.id));
    expect((await all()).map(({ id }) => id)).toEqual([late.id, fence.id]);
  });

  it('receives messages that the store rejects, with the reason, and the others are stored', async () => {
    store.unstorable = 'poison';
    const events = ['a', 'poison', 'b', 'poison', 'c'].map((text) => eventIn('general', text));
    for (const event of events) await send(create(event), event.id);
    await eventually(() => {
      expect(store.of('general').map(({ text, seq }) => [text, seq])).toEqual([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]);
    });
    const letters = await waitForLetters(2);
    expect(letters.map(({ id }) => id)).toEqual([events[1]?.id, events[3]?.id]);
    expect(letters.map(({ reason }) => reason)).toEqual([
      'Rejected by the store: a rule of the test.',
      'Rejected by the store: a rule of the test.',
    ]);
    store.unstorable = undefined;
    expect(await deadLetters.replay()).toBe(2);
    await eventually(() => expect(store.of('general')).toHaveLength(5));
  });

  it('receives at most 10 letters a minute from a partition, which then pauses', async () => {
    store.unstorable = 'poison';
    const poisons = Array.from({ length: 12 }, () => eventIn('general', 'poison'));
    for (const event of [...poisons, eventIn('general', 'fine')]) await send(create(event));
    await eventually(async () => expect(await all()).toHaveLength(10));
    const elsewhere = eventIn('random');
    await publishConfirmed(
      channel,
      EVENTS_EXCHANGE,
      routingKeyOfRoom('random'),
      Buffer.from(create(elsewhere)),
      {},
    );
    await eventually(() => expect(store.of('random')).toHaveLength(1));
    expect(store.of('general')).toEqual([]);
    expect(await all()).toHaveLength(10);
    const now = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    await eventually(
      () => expect(store.of('general').map(({ text }) => text)).toEqual(['fine']),
      15_000,
    );
    await waitForLetters(12);
    clock.mockRestore();
  }, 30_000);

  it('receives a rejected message once it is redeclared after it was deleted', async () => {
    store.unstorable = 'poison';
    // The instance declares the queue only once, before this letter is published.
    await send('not JSON');
    await waitForLetters(1);
    await channel.deleteQueue(DEAD_LETTER_QUEUE);
    const poison = eventIn('general', 'poison');
    const attempts = jest.spyOn(store, 'append');
    await send(create(poison), poison.id);
    await eventually(() => expect(attempts.mock.calls.length).toBeGreaterThan(1));
    await declareDeadLetters(channel);
    expect((await waitForLetters(1)).map(({ id }) => id)).toEqual([poison.id]);
    await send(create(eventIn('general', 'next')));
    await eventually(() => expect(store.of('general').map(({ text }) => text)).toEqual(['next']));
  }, 30_000);

  it('keeps its letters in order when they are listed', async () => {
    for (const id of ['a', 'b', 'c']) await send('not JSON', id);
    const first = await waitForLetters(3);
    expect(await all()).toEqual(first);
  });

  /** Publishes a dead letter whose event can be stored now. */
  async function addLetter(roomId: string) {
    const event = eventIn(roomId);
    const content = Buffer.from(create(event));
    const delivery = { content, properties: { messageId: event.id } };
    await publishDeadLetter(
      channel,
      delivery as Parameters<typeof publishDeadLetter>[1],
      0,
      'Room not found.',
    );
    return event;
  }

  /** Publishes a message without properties; `publish` in amqplib always adds headers. */
  async function addUnrelatedMessage(content: string): Promise<void> {
    const plain = await connection.createChannel();
    const bare = plain as unknown as {
      sendMessage(fields: object, properties: object, content: Buffer): void;
    };
    bare.sendMessage({ exchange: DEAD_LETTER_EXCHANGE, routingKey: '' }, {}, Buffer.from(content));
    await plain.close();
  }

  it('is emptied by a replay that stores its messages', async () => {
    const events = [await addLetter('general'), await addLetter('random')];
    expect((await waitForLetters(2)).map(({ roomId }) => roomId)).toEqual(['general', 'random']);
    expect(await deadLetters.replay()).toBe(2);
    await eventually(() => expect(store.messages).toHaveLength(2));
    expect(store.of('general').map(({ id }) => id)).toEqual([events[0]?.id]);
    await waitForLetters(0);
  });

  it('keeps its other letters when one letter is replayed by id', async () => {
    const [kept, replayed] = [await addLetter('general'), await addLetter('general')];
    expect(await deadLetters.replay(replayed.id)).toBe(1);
    await eventually(() => expect(store.messages.map(({ id }) => id)).toEqual([replayed.id]));
    expect((await waitForLetters(1)).map(({ id }) => id)).toEqual([kept.id]);
  });

  it('keeps an unrelated message when the letter behind it is replayed', async () => {
    await addUnrelatedMessage('unrelated');
    const event = await addLetter('general');
    expect(await waitForLetters(2)).toMatchObject([
      { id: '', reason: 'unknown', partition: undefined, deadLetteredAt: undefined },
      { id: event.id },
    ]);
    expect(await deadLetters.replay()).toBe(1);
    await eventually(() => expect(store.messages.map(({ id }) => id)).toEqual([event.id]));
    expect(await waitForLetters(1)).toMatchObject([{ id: '', reason: 'unknown' }]);
  });

  it('receives a replayed letter again when it still cannot be handled', async () => {
    await send('not JSON', 'undecodable');
    await waitForLetters(1);
    expect(await deadLetters.replay()).toBe(1);
    expect((await waitForLetters(1)).map(({ id }) => id)).toEqual(['undecodable']);
  });
});
