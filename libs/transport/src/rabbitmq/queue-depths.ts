import { PARTITION_COUNT } from '@chat/contracts';
import type { BrokerConnection } from './broker-connection.ts';
import { within } from './time-limit.ts';
import { queueOf } from './topology.ts';

/** Longest wait for all of them. */
const TIMEOUT_MS = 1_000;

/** Messages that wait in each partition's queue and are not delivered yet. */
export class QueueDepths {
  #reading: Promise<number[]> | undefined;

  constructor(private readonly connection: BrokerConnection) {}

  /**
   * Whoever asks while they are being read is given the same answer.
   *
   * @throws Error while the broker is away or silent
   */
  read(): Promise<number[]> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return within(TIMEOUT_MS, this.#reading);
  }

  async #read(): Promise<number[]> {
    const connection = this.connection.current;
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
}
