import { MAX_BATCH, type PartitionWriter } from '@chat/messages';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { BrokerConnection } from './broker-connection.ts';
import { PartitionSession } from './partition-session.ts';
import { SupervisedChannel, type ChannelUse } from './supervised-channel.ts';
import { declareDeadLetters, declarePartition, queueOf } from './topology.ts';

/** Consumes one partition, through one channel after the other, until it is stopped. */
export class PartitionConsumer {
  readonly #channel: SupervisedChannel;
  #session: PartitionSession | undefined;

  constructor(
    connection: BrokerConnection,
    private readonly partition: number,
    private readonly openWriter: (partition: number) => PartitionWriter,
    private readonly handle: (message: ConsumeMessage, session: PartitionSession) => Promise<void>,
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
    const session = new PartitionSession(
      this.partition,
      channel,
      this.openWriter(this.partition),
      this.#channel,
    );
    this.#session = session;
    await declareDeadLetters(channel);
    await declarePartition(channel, this.partition);
    await channel.prefetch(MAX_BATCH);
    await channel.consume(queueOf(this.partition), (message) => {
      if (!message) {
        session.giveUp(new Error('the broker cancelled its consumer'));
      } else if (session.accept()) {
        this.handle(message, session).catch((error: unknown) => session.giveUp(error));
      }
    });
  }
}
