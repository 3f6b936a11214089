import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { BrokerConnection } from './broker-connection.ts';
import { publishDeadLetter } from './dead-letter.ts';
import { SupervisedChannel } from './supervised-channel.ts';
import { declareDeadLetters } from './topology.ts';

/** Puts aside what can never be stored. */
export class DeadLetterPublisher {
  readonly #channel: SupervisedChannel;
  #open: ConfirmChannel | undefined;

  /** @param connection one that carries no acknowledgements: an alarm of the broker stops it */
  constructor(private readonly connection: BrokerConnection) {
    this.#channel = new SupervisedChannel(connection, {
      name: 'The channel of dead letters',
      opened: async (channel) => {
        await declareDeadLetters(channel);
        this.#open = channel;
        this.#channel.succeeded();
      },
      closed: () => {
        this.#open = undefined;
      },
    });
    this.#channel.start();
  }

  /** Resolves once the message is durable among the dead letters. */
  async publish(message: ConsumeMessage, partition: number, reason: string): Promise<void> {
    if (!this.#open || this.connection.blocked) {
      throw new Error('RabbitMQ takes no dead letters now');
    }
    await publishDeadLetter(this.#open, message, partition, reason);
  }

  stop(): Promise<void> {
    return this.#channel.stop();
  }
}
