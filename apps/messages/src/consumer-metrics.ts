import type { Metrics } from '@chat/platform';
import type { PartitionedRmqServer } from '@chat/transport/rabbitmq';

/** What the consumer of this process tells Prometheus. */
export function measureConsumer(metrics: Metrics, consumer: PartitionedRmqServer): void {
  metrics.gauge({
    name: 'chat_partitions_owned',
    help: 'Partitions that this instance consumes.',
    collect() {
      this.set(consumer.ownedPartitions.length);
    },
  });
  metrics.gauge({
    name: 'chat_queue_depth',
    help: 'Accepted messages that wait at RabbitMQ and are not delivered yet, by partition. None while it is away.',
    labelNames: ['partition'],
    async collect() {
      this.reset();
      const depths = await consumer.queueDepths().catch(() => []);
      for (const [partition, depth] of depths.entries()) this.set({ partition }, depth);
    },
  });
}
