import type { PartitionWriter } from '@chat/messages';
import { UnavailableError } from '@chat/platform/failures';
import { ServerRMQ, type ReadPacket } from '@nestjs/microservices';
import type { ConsumeMessage } from 'amqplib';
import { BrokerConnection, type BrokerOptions } from './connection/broker-connection.ts';
import { decodeEnvelope } from './consuming/event-envelope.ts';
import { PartitionConsumer } from './consuming/partition-consumer.ts';
import { PartitionDelivery } from './consuming/partition-delivery.ts';
import type { PartitionSession } from './consuming/partition-session.ts';
import { QueueDepths } from './consuming/queue-depths.ts';
import { DeadLetterPublisher } from './dead-letters/dead-letter-publisher.ts';
import { OwnedPartitions, type OwnershipOptions } from './ownership/owned-partitions.ts';

/** Settings of the consuming side. */
export interface ConsumerOptions extends BrokerOptions, OwnershipOptions {
  /** Called for every channel of a partition; the writer is used for that channel only. */
  readonly openWriter: (partition: number) => PartitionWriter;
}

/** Components of a listening server. */
interface Running {
  readonly consuming: BrokerConnection;
  /**
   * For heartbeats and dead letters: during a memory or disk alarm RabbitMQ reads
   * nothing more from a connection that publishes, and would not receive the
   * acknowledgements that are sent on it.
   */
  readonly publishing: BrokerConnection;
  readonly deadLetters: DeadLetterPublisher;
  readonly partitions: OwnedPartitions;
  readonly depths: QueueDepths;
}

/**
 * Nest's server for RabbitMQ, which consumes its share of the partitions. Unlike its
 * base class it loses no events: a delivery is acknowledged by its handler, one that can
 * never be handled becomes a dead letter, and the rest stays with the broker, in order,
 * until an instance can handle it. While its store is unreachable it releases its
 * partitions to the other instances, if there are any.
 *
 * Handlers are `@EventPattern` methods that return a promise and settle their
 * `EventDelivery`, which they receive as `@Ctx()`.
 */
export class PartitionedRmqServer extends ServerRMQ {
  #running: Running | undefined;

  constructor(private readonly consumer: ConsumerOptions) {
    super({ urls: [consumer.url], noAck: false });
  }

  /** The assigned partitions, consumed now or waiting for their previous consumer to stop. */
  get ownedPartitions(): number[] {
    return this.#running?.partitions.numbers ?? [];
  }

  /** Whether every instance handles `message.command`; false until the instances are known. */
  get handlesCommands(): boolean {
    return this.#running?.partitions.allUnderstandEvents ?? false;
  }

  /** Connects in the background: an unreachable broker does not delay the start of the process. */
  override listen(callback: () => void): Promise<void> {
    const { consumer } = this;
    const consuming = new BrokerConnection(consumer);
    const publishing = new BrokerConnection({ ...consumer, name: `${consumer.name}, publishing` });
    const deadLetters = new DeadLetterPublisher(publishing);
    const partitions = new OwnedPartitions(publishing, consumer, (partition) => {
      return new PartitionConsumer(consuming, partition, {
        openWriter: consumer.openWriter,
        handle: (message, session) => this.handleMessage(message, session),
        deadLetters,
        storeFailed: () => partitions.checkStore(),
      });
    });
    const depths = new QueueDepths(consuming);
    this.#running = { consuming, publishing, deadLetters, partitions, depths };
    this.server = consuming.manager;
    callback();
    return Promise.resolve();
  }

  /** Releases every partition once its deliveries are stored and acknowledged, and disconnects. */
  override async close(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    await running.partitions.stop();
    await running.deadLetters.stop();
    await Promise.all([running.consuming.close(), running.publishing.close()]);
  }

  /**
   * Returns how many messages in the queue of each partition are not delivered to any instance.
   *
   * @throws Error while the broker is unreachable or does not respond in time
   */
  async queueDepths(): Promise<number[]> {
    if (!this.#running) throw new Error('the server is not listening');
    return this.#running.depths.read();
  }

  /** Health check: resolves when this instance is connected. */
  check(): Promise<void> {
    if (this.#running?.consuming.current && this.#running.publishing.current) {
      return Promise.resolve();
    }
    return Promise.reject(new UnavailableError('RabbitMQ is unreachable.', 1_000));
  }

  /** @param session the argument that {@link ServerRMQ} calls the channel */
  override async handleMessage(message: ConsumeMessage, session: PartitionSession): Promise<void> {
    const envelope = decodeEnvelope(message.content);
    const delivery = new PartitionDelivery(message, session, envelope?.pattern ?? '');
    if (!envelope) return delivery.reject('The event is not JSON with a pattern and data.');
    await this.handleEvent(envelope.pattern, envelope, delivery);
  }

  override async handleEvent(
    pattern: string,
    packet: ReadPacket,
    delivery: PartitionDelivery,
  ): Promise<void> {
    if (!this.getHandlerByPattern(pattern)) {
      return delivery.reject(`No handler for the pattern ${JSON.stringify(pattern)}.`);
    }
    await super.handleEvent(pattern, packet, delivery);
    if (!delivery.settled) delivery.giveUp(new Error(`the handler of ${pattern} failed`));
  }
}
