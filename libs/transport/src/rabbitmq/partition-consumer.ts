import { MAX_BATCH, type PartitionWriter } from '@chat/messages';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { BrokerConnection } from './broker-connection.ts';
import { PartitionSession, type SessionHost } from './partition-session.ts';
import { SupervisedChannel, type ChannelUse } from './supervised-channel.ts';
import { declarePartition, queueOf } from './topology.ts';

/** What the instance does for its partitions. */
export interface PartitionHost extends SessionHost {
  openWriter(partition: number): PartitionWriter;
  handle(message: ConsumeMessage, session: PartitionSession): Promise<void>;
}

/** Consumes one partition, through one channel after the other, until it is stopped. */
export class PartitionConsumer {
  readonly #channel: SupervisedChannel;
  #session: PartitionSession | undefined;

  /** @param connection one on which nothing is published: an alarm of the broker would stop acknowledgements, too */
  constructor(
    connection: BrokerConnection,
    private readonly partition: number,
    private readonly host: PartitionHost,
  ) {
    this.#channel = new SupervisedChannel(connection, this.#use());
    this.#channel.start();
  }

  /** Finishes what is in hand and closes the channel: what follows stays with the broker, in order. */
  async stop(drainTimeoutMs: number): Promise<void> {
    await this.#session?.drain(drainTimeoutMs);
    await this.#channel.stop();
  }

  #use(): ChannelUse {
    return {
      name: `The channel of partition ${this.partition}`,
      opened: (channel) => this.#consume(channel),
      closed: async () => {
        await this.#session?.close();
        this.#session = undefined;
      },
    };
  }

  async #consume(channel: ConfirmChannel): Promise<void> {
    const { host, partition } = this;
    const writer = host.openWriter(partition);
    const session = new PartitionSession(partition, channel, writer, this.#channel, host);
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
