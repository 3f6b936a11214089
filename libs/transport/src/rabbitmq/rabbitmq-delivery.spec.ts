import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { partitionOf } from '@chat/contracts';
import { eventually, RabbitMqServer } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, type RmqContext } from '@nestjs/microservices';
import { connect, type Channel, type ConfirmChannel } from 'amqplib';
import { eventIn } from '../../test/events.ts';
import { InMemoryMessageStore } from '../../test/in-memory-message-store.ts';
import { startMessages, type MessagesInstance } from '../../test/messages-instance.ts';
import { RabbitMqMessagePublisher } from './rabbitmq-message-publisher.ts';
import { EVENTS_EXCHANGE, queueOf, routingKeyOfRoom } from './topology.ts';

const ROOMS = ['general', 'random', 'news'];

let broken = false;

/** Makes the broker close the channel that it was delivered through, once. */
@Controller()
class ChannelBreaker {
  @EventPattern('test.break-channel')
  break(@Ctx() context: RmqContext): void {
    if (broken) return (context as RmqContext & { acknowledge(): void }).acknowledge();
    broken = true;
    const channel = context.getChannelRef() as Channel;
    channel.ack({ fields: { deliveryTag: 999_999 } } as Parameters<Channel['ack']>[0]);
  }
}

describeWith('rabbitmq-server', 'the way of an event through RabbitMQ', () => {
  let broker: RabbitMqServer;
  let store: InMemoryMessageStore;
  let messages: MessagesInstance;
  let publisher: RabbitMqMessagePublisher;

  beforeAll(async () => {
    broker = await RabbitMqServer.start();
  }, 60_000);
  afterAll(() => broker.close());

  beforeEach(async () => {
    store = new InMemoryMessageStore();
    messages = await startMessages(broker.url, store, [ChannelBreaker]);
    publisher = new RabbitMqMessagePublisher({
      url: broker.url,
      heartbeatSeconds: 1,
      name: 'chat',
      publishTimeoutMs: 1_500,
    });
    await eventually(() => publisher.check());
  });
  afterEach(async () => {
    await publisher.onApplicationShutdown();
    await messages.app.close();
  });

  const stored = () => new Set(store.messages.map(({ id }) => id));

  /** A raw channel, for what no part of ours does. */
  async function withChannel(use: (channel: ConfirmChannel) => Promise<unknown>): Promise<void> {
    const connection = await connect(broker.url);
    await use(await connection.createConfirmChannel());
    await connection.close();
  }

  function expectGaplessSeqs(): void {
    for (const roomId of new Set(store.messages.map((message) => message.roomId))) {
      const seqs = store.of(roomId).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    }
  }

  /** Publishes to all rooms, a few at a time, until told to stop; gives what was acknowledged. */
  function publishSteadily() {
    const acknowledged: string[] = [];
    let refused = 0;
    let running = true;
    const publishers = ROOMS.map(async (roomId) => {
      while (running) {
        const event = eventIn(roomId);
        await publisher.publish(event).then(
          () => acknowledged.push(event.id),
          () => (refused += 1),
        );
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    return {
      acknowledged,
      refused: () => refused,
      stop: async () => {
        running = false;
        await Promise.all(publishers);
      },
    };
  }

  it('stores what is published in its order, each room from 1 without gaps', async () => {
    const events = Array.from({ length: 3_000 }, (_, index) => eventIn(ROOMS[index % 3] ?? ''));
    await Promise.all(events.map((event) => publisher.publish(event)));
    await eventually(() => expect(store.messages).toHaveLength(events.length));
    for (const roomId of ROOMS) {
      const sent = events.filter((event) => event.roomId === roomId);
      expect(store.of(roomId).map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
    }
    expectGaplessSeqs();
  }, 20_000);

  it('loses nothing acknowledged when the broker is killed and comes back', async () => {
    const load = publishSteadily();
    await eventually(() => expect(load.acknowledged.length).toBeGreaterThan(100));
    await broker.process.kill();
    const before = load.acknowledged.length;
    await eventually(() => expect(load.refused()).toBeGreaterThan(10));
    await broker.process.start();
    await eventually(() => expect(load.acknowledged.length).toBeGreaterThan(before + 100), 30_000);
    await load.stop();
    await eventually(() => {
      expect(load.acknowledged.filter((id) => !stored().has(id))).toEqual([]);
    });
    expectGaplessSeqs();
  }, 90_000);

  it('refuses at once while the broker is down', async () => {
    await broker.process.kill();
    await eventually(() => expect(publisher.check()).rejects.toThrow());
    const began = Date.now();
    await expect(publisher.publish(eventIn('general'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(Date.now() - began).toBeLessThan(500);
    await broker.process.start();
    const event = eventIn('general');
    await eventually(() => publisher.publish(event), 20_000);
    await eventually(() => expect(stored()).toContain(event.id), 20_000);
  }, 60_000);

  it('refuses within the time limit while the broker is frozen, and goes on after', async () => {
    const early = eventIn('general');
    await broker.process.freeze();
    const began = Date.now();
    await expect(publisher.publish(early)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(Date.now() - began).toBeLessThan(2_000);
    await eventually(() => expect(publisher.check()).rejects.toThrow());
    broker.process.thaw();
    await eventually(() => publisher.publish(early), 20_000);
    await eventually(() => expect(stored()).toContain(early.id), 20_000);
    expect(store.messages.filter(({ id }) => id === early.id)).toHaveLength(1);
  }, 60_000);

  it('refuses what the broker would drop because no queue takes it', async () => {
    await messages.app.close();
    await withChannel((channel) => channel.deleteQueue(queueOf(partitionOf('general'))));
    await expect(publisher.publish(eventIn('general'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await publisher.publish(eventIn('random'));
  });

  it('goes on when the broker cancels a consumer', async () => {
    await eventually(() => expect(messages.server.ownedPartitions).toHaveLength(16));
    await withChannel((channel) => channel.deleteQueue(queueOf(partitionOf('general'))));
    const event = eventIn('general');
    await eventually(() => publisher.publish(event), 20_000);
    await eventually(() => expect(stored()).toContain(event.id), 20_000);
  }, 60_000);

  it('goes on when the broker closes a channel alone', async () => {
    broken = false;
    const before = eventIn('general');
    await publisher.publish(before);
    await withChannel(async (channel) => {
      const order = Buffer.from(JSON.stringify({ pattern: 'test.break-channel', data: {} }));
      channel.publish(EVENTS_EXCHANGE, routingKeyOfRoom('general'), order);
      await channel.waitForConfirms();
    });
    await eventually(() => expect(broken).toBe(true));
    const after = eventIn('general');
    await publisher.publish(after);
    await eventually(() => expect(stored()).toContain(after.id), 20_000);
    expectGaplessSeqs();
  }, 60_000);
});
