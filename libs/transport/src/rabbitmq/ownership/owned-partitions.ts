import { Logger } from '@nestjs/common';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import type { PartitionConsumer } from '../consuming/partition-consumer.ts';
import { InstancePresence } from './instance-presence.ts';
import { assignedPartitions } from './partition-assignment.ts';
import { StoreHealth } from './store-health.ts';

/** Settings for sharing the partitions between instances. */
export interface OwnershipOptions {
  /** Interval of the heartbeats between instances, in milliseconds. */
  readonly partitionHeartbeatMs: number;
  /** Timeout for unacknowledged deliveries when a partition is released, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Pings the store; rejects while it is unreachable. */
  readonly pingStore: () => Promise<unknown>;
}

/**
 * Runs a consumer for each partition of this instance's share. The live instances share all
 * partitions; one whose store is unavailable leaves its share to the others, if there are any.
 */
export class OwnedPartitions {
  readonly #logger = new Logger('Partitions');
  readonly #presence: InstancePresence;
  readonly #storeHealth: StoreHealth;
  readonly #consumers = new Map<number, PartitionConsumer>();
  readonly #stopping = new Set<Promise<void>>();
  #stopped = false;

  /** @param connection must carry no acknowledgements: a memory or disk alarm blocks it */
  constructor(
    connection: BrokerConnection,
    private readonly options: OwnershipOptions,
    private readonly startConsumer: (partition: number) => PartitionConsumer,
  ) {
    const { partitionHeartbeatMs: heartbeatMs, pingStore } = options;
    this.#presence = new InstancePresence(connection, heartbeatMs, (ids) => this.#rebalance(ids));
    this.#storeHealth = new StoreHealth(pingStore, heartbeatMs, (available) =>
      this.#presence.announce(available ? 'here' : 'leaving'),
    );
  }

  /** The assigned partitions, consumed now or waiting for their previous consumer to stop. */
  get numbers(): number[] {
    return [...this.#consumers.keys()];
  }

  /** Like {@link InstancePresence.allUnderstandEvents}. */
  get allUnderstandEvents(): boolean {
    return this.#presence.allUnderstandEvents;
  }

  /** Checks the store after a failed write; leaves the share to others while it is unavailable. */
  checkStore(): void {
    this.#storeHealth.check();
  }

  /** Leaves the share to the other instances; resolves once every consumer has stopped. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#storeHealth.stop();
    await this.#presence.leave();
    this.#assign([]);
    await Promise.all(this.#stopping);
  }

  #rebalance(instanceIds: readonly string[]): void {
    if (this.#stopped) return;
    const assigned = assignedPartitions(this.#presence.id, instanceIds);
    this.#assign(assigned);
    this.#logger.log(
      { instances: instanceIds.length, partitions: assigned },
      'partitions rebalanced',
    );
  }

  /** Stops consumers of partitions that are no longer assigned, and starts those of new ones. */
  #assign(assigned: readonly number[]): void {
    for (const [partition, consumer] of this.#consumers) {
      if (assigned.includes(partition)) continue;
      this.#consumers.delete(partition);
      const stopped = consumer.stop(this.#drainTimeoutMs);
      this.#stopping.add(stopped);
      void stopped.finally(() => this.#stopping.delete(stopped));
    }
    for (const partition of assigned) {
      if (this.#consumers.has(partition)) continue;
      this.#consumers.set(partition, this.startConsumer(partition));
    }
  }

  /** Does not wait while the store is unavailable: another instance may be able to reach it. */
  get #drainTimeoutMs(): number {
    return this.#storeHealth.available ? this.options.drainTimeoutMs : 0;
  }
}
