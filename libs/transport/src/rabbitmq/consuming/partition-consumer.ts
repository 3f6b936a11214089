import { MAX_BATCH } from '@chat/messages';
import type { ConfirmChannel } from 'amqplib';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import { SupervisedChannel } from '../connection/supervised-channel.ts';
import { declarePartition, queueOf } from '../topology.ts';
import { PartitionSession, type PartitionHost } from './partition-session.ts';

/** Consumes one partition until it is stopped, with a new session for every channel. */
export class PartitionConsumer {
  readonly #channel: SupervisedChannel;
  #session: PartitionSession | undefined;

  /** @param connection must not publish: an alarm would also block its acknowledgements */
  constructor(
    connection: BrokerConnection,
    private readonly partition: number,
    private readonly host: PartitionHost,
  ) {
    this.#channel = new SupervisedChannel(connection, {
      name: `partition ${partition}`,
      setUp: (channel) => this.#consume(channel),
      onClose: async () => {
        await this.#session?.close();
        this.#session = undefined;
      },
    });
  }

  /** Drains unacknowledged deliveries and closes the channel; later messages stay queued. */
  async stop(drainTimeoutMs: number): Promise<void> {
    await this.#session?.drain(drainTimeoutMs);
    await this.#channel.stop();
  }

  async #consume(channel: ConfirmChannel): Promise<void> {
    const { host, partition } = this;
    const session = new PartitionSession(partition, channel, this.#channel, host);
    this.#session = session;
    await declarePartition(channel, partition);
    await channel.prefetch(MAX_BATCH);
    await channel.consume(queueOf(partition), (message) => {
      if (!message) {
        session.giveUp(new Error('the broker cancelled its consumer'));
      } else if (session.accept()) {
        host.handle(message, session).catch((error: unknown) => session.giveUp(error));
      }
    });
  }
}
