import { randomUUID } from 'node:crypto';
import { PARTITION_COUNT } from '@chat/contracts';
import type { PartitionWriter } from '@chat/messages';
import { UnavailableError } from '@chat/platform';
import { Logger } from '@nestjs/common';
import { ServerRMQ, type ReadPacket } from '@nestjs/microservices';
import type { ConsumeMessage } from 'amqplib';
import { partitionsOf } from './assignment.ts';
import { BrokerConnection, type BrokerOptions } from './broker-connection.ts';
import { decodeEnvelope } from './event-envelope.ts';
import { InstancePresence } from './instance-presence.ts';
import { PartitionConsumer } from './partition-consumer.ts';
import { PartitionDelivery } from './partition-delivery.ts';
import type { PartitionSession } from './partition-session.ts';
import { queueOf } from './topology.ts';

export interface ConsumerOptions extends BrokerOptions {
  /** How often instances tell each other that they live, in milliseconds. */
  readonly heartbeatMs: number;
  /** Longest wait for what is in hand when a partition is handed over, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Called for every channel of a partition; the writer lives no longer than the channel. */
  readonly openWriter: (partition: number) => PartitionWriter;
}

/**
 * Nest's server for RabbitMQ, consuming its share of the partitions. Unlike its
 * base class it loses nothing: a delivery is acknowledged by its handler, one
 * that can never be handled goes to the dead letters, and the rest stays with
 * the broker, in order, until somebody can handle it.
 *
 * Handlers are `@EventPattern` methods that return a promise and end their
 * `EventDelivery`, which is given as `@Ctx()`.
 */
export class PartitionedRmqServer extends ServerRMQ {
  readonly #id = randomUUID();
  readonly #logger = new Logger('Partitions');
  readonly #owned = new Map<number, PartitionConsumer>();
  readonly #leaving = new Set<Promise<void>>();
  #broker: BrokerConnection | undefined;
  #presence: InstancePresence | undefined;

  constructor(private readonly consumer: ConsumerOptions) {
    super({ urls: [consumer.url], noAck: false });
  }

  /** The partitions that this instance consumes now, or waits for. */
  get ownedPartitions(): number[] {
    return [...this.#owned.keys()];
  }

  /** Begins in the background: a broker that is away delays nobody's start. */
  override listen(callback: () => void): Promise<void> {
    const broker = new BrokerConnection(this.consumer);
    this.#broker = broker;
    this.server = broker.manager;
    this.#presence = new InstancePresence(
      broker,
      this.#id,
      this.consumer.heartbeatMs,
      (living) => void this.#share(living),
    );
    this.#presence.start();
    callback();
    return Promise.resolve();
  }

  /** Hands every partition over once what is in hand is stored and acknowledged, and disconnects. */
  override async close(): Promise<void> {
    const presence = this.#presence;
    this.#presence = undefined;
    await presence?.leave();
    for (const partition of this.ownedPartitions) this.#handOver(partition);
    await Promise.all(this.#leaving);
    await this.#broker?.close();
  }

  /**
   * Messages that wait in each partition's queue and are not delivered yet, of
   * all instances. @throws Error while the broker is away
   */
  async queueDepths(): Promise<number[]> {
    const connection = this.#broker?.current;
    if (!connection) throw new Error('RabbitMQ cannot be reached');
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    try {
      const depths: number[] = [];
      for (let partition = 0; partition < PARTITION_COUNT; partition += 1) {
        depths.push((await channel.checkQueue(queueOf(partition))).messageCount);
      }
      return depths;
    } finally {
      await channel.close().catch(() => undefined);
    }
  }

  /** For health: resolves when this instance is connected. */
  check(): Promise<void> {
    if (this.#broker?.current) return Promise.resolve();
    return Promise.reject(new UnavailableError('RabbitMQ cannot be reached.', 1_000));
  }

  /** @param session what {@link ServerRMQ} calls the channel */
  override async handleMessage(message: ConsumeMessage, session: PartitionSession): Promise<void> {
    const envelope = decodeEnvelope(message.content);
    const delivery = new PartitionDelivery(message, session, envelope?.pattern ?? '');
    if (!envelope) return delivery.reject('It is not JSON with a pattern and data.');
    await this.handleEvent(envelope.pattern, envelope, delivery);
  }

  override async handleEvent(
    pattern: string,
    packet: ReadPacket,
    delivery: PartitionDelivery,
  ): Promise<void> {
    if (!this.getHandlerByPattern(pattern)) {
      return delivery.reject(`Nobody handles the pattern ${JSON.stringify(pattern)}.`);
    }
    await super.handleEvent(pattern, packet, delivery);
    if (!delivery.ended) delivery.giveUp(new Error(`the handler of ${pattern} failed`));
  }

  #share(living: readonly string[]): void {
    if (!this.#presence) return;
    const share = new Set(partitionsOf(this.#id, living));
    for (const partition of this.ownedPartitions) {
      if (!share.has(partition)) this.#handOver(partition);
    }
    for (const partition of share) {
      if (!this.#owned.has(partition)) this.#takeOver(partition);
    }
    const own = share.size === 0 ? 'none of them' : [...share].join(', ');
    this.#logger.log(
      `Instances that share the partitions: ${living.length}; this one owns ${own}.`,
    );
  }

  #takeOver(partition: number): void {
    const { openWriter } = this.consumer;
    const broker = this.#broker;
    if (!broker) return;
    this.#owned.set(
      partition,
      new PartitionConsumer(broker, partition, openWriter, (message, session) =>
        this.handleMessage(message, session),
      ),
    );
  }

  #handOver(partition: number): void {
    const consumer = this.#owned.get(partition);
    if (!consumer) return;
    this.#owned.delete(partition);
    const left = consumer.stop(this.consumer.drainTimeoutMs);
    this.#leaving.add(left);
    void left.finally(() => this.#leaving.delete(left));
  }
}
