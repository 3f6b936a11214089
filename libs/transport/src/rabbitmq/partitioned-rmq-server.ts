import { randomUUID } from 'node:crypto';
import type { PartitionWriter } from '@chat/messages';
import { UnavailableError } from '@chat/platform';
import { Logger } from '@nestjs/common';
import { ServerRMQ, type ReadPacket } from '@nestjs/microservices';
import type { ConsumeMessage } from 'amqplib';
import { partitionsOf } from './assignment.ts';
import { BrokerConnection, type BrokerOptions } from './broker-connection.ts';
import { DeadLetterPublisher } from './dead-letter-publisher.ts';
import { decodeEnvelope } from './event-envelope.ts';
import { InstancePresence } from './instance-presence.ts';
import { OwnedPartitions } from './owned-partitions.ts';
import { PartitionDelivery } from './partition-delivery.ts';
import type { PartitionSession } from './partition-session.ts';
import { QueueDepths } from './queue-depths.ts';
import { StoreWatch } from './store-watch.ts';

export interface ConsumerOptions extends BrokerOptions {
  /** How often instances tell each other that they live, in milliseconds. */
  readonly heartbeatMs: number;
  /** Longest wait for what is in hand when a partition is handed over, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Called for every channel of a partition; the writer lives no longer than the channel. */
  readonly openWriter: (partition: number) => PartitionWriter;
  /** Reads something of no matter what from the store: rejects while that cannot be reached. */
  readonly storeAnswers: () => Promise<unknown>;
}

/** What there is while the server listens. */
interface Running {
  readonly consuming: BrokerConnection;
  /**
   * For heartbeats and dead letters: in an alarm of memory or disk RabbitMQ reads
   * nothing more from a connection that publishes, and would never learn there
   * what was acknowledged.
   */
  readonly publishing: BrokerConnection;
  readonly deadLetters: DeadLetterPublisher;
  readonly presence: InstancePresence;
  readonly store: StoreWatch;
  readonly partitions: OwnedPartitions;
  readonly depths: QueueDepths;
}

/**
 * Nest's server for RabbitMQ, consuming its share of the partitions. Unlike its
 * base class it loses nothing: a delivery is acknowledged by its handler, one
 * that can never be handled goes to the dead letters, and the rest stays with
 * the broker, in order, until somebody can handle it. While it does not reach
 * its store it leaves the partitions to others, if there are any.
 *
 * Handlers are `@EventPattern` methods that return a promise and end their
 * `EventDelivery`, which is given as `@Ctx()`.
 */
export class PartitionedRmqServer extends ServerRMQ {
  readonly #id = randomUUID();
  readonly #logger = new Logger('Partitions');
  #running: Running | undefined;

  constructor(private readonly consumer: ConsumerOptions) {
    super({ urls: [consumer.url], noAck: false });
  }

  /** The partitions that this instance consumes now, or waits for. */
  get ownedPartitions(): number[] {
    return this.#running?.partitions.numbers ?? [];
  }

  /** Begins in the background: a broker that is away delays nobody's start. */
  override listen(callback: () => void): Promise<void> {
    const { consumer } = this;
    const consuming = new BrokerConnection(consumer);
    const publishing = new BrokerConnection({ ...consumer, name: `${consumer.name}, publishing` });
    const deadLetters = new DeadLetterPublisher(publishing);
    const presence = new InstancePresence(publishing, this.#id, consumer.heartbeatMs, (living) =>
      this.#share(living),
    );
    const store = new StoreWatch(consumer.storeAnswers, consumer.heartbeatMs, () =>
      presence.announce(store.lost ? 'leaving' : 'here'),
    );
    const partitions = new OwnedPartitions(consuming, {
      openWriter: consumer.openWriter,
      handle: (message, session) => this.handleMessage(message, session),
      putAside: (...letter) => deadLetters.publish(...letter),
      storeFailed: () => store.doubt(),
    });
    const depths = new QueueDepths(consuming);
    this.#running = { consuming, publishing, deadLetters, presence, store, partitions, depths };
    this.server = consuming.manager;
    presence.start();
    callback();
    return Promise.resolve();
  }

  /** Hands every partition over once what is in hand is stored and acknowledged, and disconnects. */
  override async close(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    const { consuming, publishing, deadLetters, presence, store, partitions } = running;
    store.stop();
    await presence.leave();
    await partitions.stop(this.#drainTimeoutMs(store));
    await deadLetters.stop();
    await Promise.all([consuming.close(), publishing.close()]);
  }

  /**
   * Messages that wait in each partition's queue and are not delivered yet, of
   * all instances. @throws Error while the broker is away or silent
   */
  async queueDepths(): Promise<number[]> {
    if (!this.#running) throw new Error('it does not listen');
    return this.#running.depths.read();
  }

  /** For health: resolves when this instance is connected. */
  check(): Promise<void> {
    if (this.#running?.consuming.current && this.#running.publishing.current) {
      return Promise.resolve();
    }
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
    if (!this.#running) return;
    const { partitions, store } = this.#running;
    const share = partitionsOf(this.#id, living);
    partitions.become(share, this.#drainTimeoutMs(store));
    const own = share.length === 0 ? 'none of them' : share.join(', ');
    this.#logger.log(
      `Instances that share the partitions: ${living.length}; this one owns ${own}.`,
    );
  }

  /** What cannot be stored is not waited for: somebody else may store it. */
  #drainTimeoutMs(store: StoreWatch): number {
    return store.lost ? 0 : this.consumer.drainTimeoutMs;
  }
}
