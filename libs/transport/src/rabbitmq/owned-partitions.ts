import type { BrokerConnection } from './broker-connection.ts';
import { PartitionConsumer, type PartitionHost } from './partition-consumer.ts';

/** The partitions that an instance consumes now, or waits for. */
export class OwnedPartitions {
  readonly #consumers = new Map<number, PartitionConsumer>();
  readonly #leaving = new Set<Promise<void>>();

  constructor(
    private readonly connection: BrokerConnection,
    private readonly host: PartitionHost,
  ) {}

  get numbers(): number[] {
    return [...this.#consumers.keys()];
  }

  /**
   * Hands over what is not in the share and takes over what is new.
   *
   * @param drainTimeoutMs longest wait for what is in hand
   */
  become(share: readonly number[], drainTimeoutMs: number): void {
    for (const [partition, consumer] of this.#consumers) {
      if (share.includes(partition)) continue;
      this.#consumers.delete(partition);
      const left = consumer.stop(drainTimeoutMs);
      this.#leaving.add(left);
      void left.finally(() => this.#leaving.delete(left));
    }
    for (const partition of share) {
      if (this.#consumers.has(partition)) continue;
      this.#consumers.set(partition, new PartitionConsumer(this.connection, partition, this.host));
    }
  }

  /** Hands everything over; resolves once every channel is closed. */
  async stop(drainTimeoutMs: number): Promise<void> {
    this.become([], drainTimeoutMs);
    await Promise.all(this.#leaving);
  }
}
