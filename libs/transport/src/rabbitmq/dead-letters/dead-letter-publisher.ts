import type { ConsumeMessage } from 'amqplib';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import { SupervisedChannel } from '../connection/supervised-channel.ts';
import { declareDeadLetters } from '../topology.ts';
import { publishDeadLetter } from './dead-letter.ts';

/** Publishes to the dead-letter queue the messages that can never be stored. */
export class DeadLetterPublisher {
  readonly #channel: SupervisedChannel;

  /** @param connection must carry no acknowledgements: a memory or disk alarm blocks it */
  constructor(private readonly connection: BrokerConnection) {
    this.#channel = new SupervisedChannel(connection, {
      name: 'dead letters',
      setUp: declareDeadLetters,
      onReady: () => this.#channel.resetBackoff(),
    });
  }

  /** Resolves once the message is durable in the dead-letter queue. */
  async publish(message: ConsumeMessage, partition: number, reason: string): Promise<void> {
    const channel = this.#channel.current;
    if (!channel || this.connection.blocked) {
      throw new Error('RabbitMQ does not accept dead letters now');
    }
    await publishDeadLetter(channel, message, partition, reason);
  }

  /** Closes the channel permanently. */
  stop(): Promise<void> {
    return this.#channel.stop();
  }
}
