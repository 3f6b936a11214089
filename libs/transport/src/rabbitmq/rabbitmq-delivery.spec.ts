import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { partitionOf } from '@chat/messages/commands';
import { eventually, FaultProxy, sharedRabbitMq, type SharedRabbitMq } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, type RmqContext } from '@nestjs/microservices';
import { connect, type Channel, type ConfirmChannel } from 'amqplib';
import { eventIn } from '../../test/events.ts';
import { InMemoryMessageStore } from '../../test/in-memory-message-store.ts';
import { startMessages, type MessagesInstance } from '../../test/messages-instance.ts';
import { resumeQueue, suspendQueue } from '../../test/queue-process.ts';
import { RabbitMqMessagePublisher } from './rabbitmq-message-publisher.ts';
import { EVENTS_EXCHANGE, queueOf, routingKeyOfRoom } from './topology.ts';

const ROOMS = ['general', 'random', 'news'];

let broken = false;

/** Makes the broker close the channel of the delivery, once. */
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

describeWithProgram('rabbitmq-server', 'the RabbitMQ transport', () => {
  let broker: SharedRabbitMq;
  let proxy: FaultProxy;
  let store: InMemoryMessageStore;
  let messages: MessagesInstance;
  let publisher: RabbitMqMessagePublisher;

  beforeEach(async () => {
    broker = sharedRabbitMq('delivery');
    store = new InMemoryMessageStore();
    messages = await startMessages(broker.url, store, { controllers: [ChannelBreaker] });
    proxy = await FaultProxy.to(broker.port);
    publisher = await startPublisher(10_000);
  });
  afterEach(async () => {
    await publisher.onApplicationShutdown();
    await proxy.disconnect();
    await messages.app.close();
  });

  /** Starts a publisher that connects through the proxy. */
  async function startPublisher(publishTimeoutMs: number): Promise<RabbitMqMessagePublisher> {
    const url = broker.url.replace(`:${broker.port}`, `:${proxy.port}`);
    const started = new RabbitMqMessagePublisher({
      url,
      heartbeatSeconds: 1,
      name: 'chat',
      publishTimeoutMs,
    });
    await eventually(() => started.check());
    return started;
  }

  const stored = () => new Set(store.messages.map(({ id }) => id));

  /** Runs `use` with a raw channel, for operations that our code does not perform. */
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

  it('stores 3,000 events for three rooms in order, each room from seq 1 without gaps', async () => {
    const events = Array.from({ length: 3_000 }, (_, index) => eventIn(ROOMS[index % 3] ?? ''));
    await Promise.all(events.map((event) => publisher.publish(event)));
    await eventually(() => expect(store.messages).toHaveLength(events.length));
    for (const roomId of ROOMS) {
      const sent = events.filter((event) => event.roomId === roomId);
      expect(store.of(roomId).map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
    }
    expectGaplessSeqs();
  });

  it('rejects with UNAVAILABLE immediately while the broker is unreachable, then publishes again', async () => {
    await proxy.disconnect();
    await eventually(() => expect(publisher.check()).rejects.toThrow());
    // Immediately: after a wait, the message would be the one for a timeout.
    await expect(publisher.publish(eventIn('general'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The server cannot accept messages right now. Please try again.',
    });
    await proxy.restore();
    const event = eventIn('general');
    await eventually(() => publisher.publish(event));
    await eventually(() => expect(stored()).toContain(event.id));
  });

  it('rejects with UNAVAILABLE when a frozen broker does not confirm, and stores the retry once', async () => {
    const shortTimeoutPublisher = await startPublisher(300);
    const early = eventIn('general');
    proxy.pause();
    await expect(shortTimeoutPublisher.publish(early)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'Sending the message timed out. Please try again.',
    });
    await eventually(() => expect(shortTimeoutPublisher.check()).rejects.toThrow());
    proxy.resume();
    await eventually(() => shortTimeoutPublisher.publish(early));
    const later = eventIn('general');
    await eventually(() => shortTimeoutPublisher.publish(later));
    await eventually(() => expect(stored()).toContain(later.id));
    expect(store.of('general').map(({ id }) => id)).toEqual([early.id, later.id]);
    await shortTimeoutPublisher.onApplicationShutdown();
  });

  it('rejects with UNAVAILABLE when the queue of the partition is missing', async () => {
    await messages.app.close();
    await withChannel((channel) => channel.deleteQueue(queueOf(partitionOf('general'))));
    await expect(publisher.publish(eventIn('general'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await publisher.publish(eventIn('random'));
  });

  it('publishes to the other partitions while the queue of one confirms nothing', async () => {
    const shortTimeoutPublisher = await startPublisher(500);
    const stalled = queueOf(partitionOf('general'));
    await suspendQueue(broker, stalled);
    try {
      await expect(shortTimeoutPublisher.publish(eventIn('general'))).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
      const other = eventIn('random');
      await shortTimeoutPublisher.publish(other);
      await eventually(() => expect(stored()).toContain(other.id));
      await eventually(() => expect(shortTimeoutPublisher.inFlight).toBe(0));
      await shortTimeoutPublisher.check();
    } finally {
      await resumeQueue(broker, stalled);
    }
    const later = eventIn('general');
    await eventually(() => shortTimeoutPublisher.publish(later));
    await eventually(() => expect(stored()).toContain(later.id));
    await shortTimeoutPublisher.onApplicationShutdown();
  });

  it('stores events again after the broker cancelled a consumer', async () => {
    await eventually(() => expect(messages.server.ownedPartitions).toHaveLength(16));
    await withChannel((channel) => channel.deleteQueue(queueOf(partitionOf('general'))));
    const event = eventIn('general');
    await eventually(() => publisher.publish(event));
    await eventually(() => expect(stored()).toContain(event.id));
  });

  it('stores events without gaps after the broker closed a channel', async () => {
    broken = false;
    const before = eventIn('general');
    await publisher.publish(before);
    await withChannel(async (channel) => {
      const command = Buffer.from(JSON.stringify({ pattern: 'test.break-channel', data: {} }));
      channel.publish(EVENTS_EXCHANGE, routingKeyOfRoom('general'), command);
      await channel.waitForConfirms();
    });
    await eventually(() => expect(broken).toBe(true));
    const after = eventIn('general');
    await publisher.publish(after);
    await eventually(() => expect(stored()).toContain(after.id));
    expectGaplessSeqs();
  });
});
