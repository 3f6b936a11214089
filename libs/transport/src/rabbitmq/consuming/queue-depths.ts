import { PARTITION_COUNT } from '@chat/messages/commands';
import { withTimeout } from '@chat/platform/failures';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import { queueOf } from '../topology.ts';

/** Longest wait for the depths of all queues. */
const TIMEOUT_MS = 1_000;

/** Reads how many messages in the queue of each partition have not been delivered yet. */
export class QueueDepths {
  #reading: Promise<number[]> | undefined;

  constructor(private readonly connection: BrokerConnection) {}

  /**
   * Returns the depths by partition. Concurrent calls share one read.
   *
   * @throws Error if the broker is unreachable or does not respond in time
   */
  read(): Promise<number[]> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return withTimeout(this.#reading, TIMEOUT_MS);
  }

  async #read(): Promise<number[]> {
    const connection = this.connection.current;
    if (!connection) throw new Error('RabbitMQ is unreachable');
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
}
