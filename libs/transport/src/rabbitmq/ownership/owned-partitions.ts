import type { BrokerConnection } from '../connection/broker-connection.ts';
import { PartitionConsumer, type PartitionHost } from '../consuming/partition-consumer.ts';

/** Manages the consumers of the partitions that are assigned to this instance. */
export class OwnedPartitions {
  readonly #consumers = new Map<number, PartitionConsumer>();
  readonly #stopping = new Set<Promise<void>>();

  constructor(
    private readonly connection: BrokerConnection,
    private readonly host: PartitionHost,
  ) {}

  /** The assigned partitions, consumed now or waiting for their previous consumer to stop. */
  get numbers(): number[] {
    return [...this.#consumers.keys()];
  }

  /**
   * Stops the consumers of partitions that are no longer assigned, and starts those of new ones.
   *
   * @param drainTimeoutMs longest wait for the unacknowledged deliveries of a stopped consumer
   */
  assign(assigned: readonly number[], drainTimeoutMs: number): void {
    for (const [partition, consumer] of this.#consumers) {
      if (assigned.includes(partition)) continue;
      this.#consumers.delete(partition);
      const stopped = consumer.stop(drainTimeoutMs);
      this.#stopping.add(stopped);
      void stopped.finally(() => this.#stopping.delete(stopped));
    }
    for (const partition of assigned) {
      if (this.#consumers.has(partition)) continue;
      this.#consumers.set(partition, new PartitionConsumer(this.connection, partition, this.host));
    }
  }

  /** Stops all consumers; resolves once every channel is closed. */
  async stop(drainTimeoutMs: number): Promise<void> {
    this.assign([], drainTimeoutMs);
    await Promise.all(this.#stopping);
  }
}
