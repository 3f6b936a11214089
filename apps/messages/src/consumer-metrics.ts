import type { Metrics } from '@chat/platform/monitoring';
import type { PartitionedRmqServer } from '@chat/transport/rabbitmq';

/** Registers metrics for the consumer in this process. */
export function registerConsumerMetrics(metrics: Metrics, consumer: PartitionedRmqServer): void {
  metrics.gauge({
    name: 'chat_partitions_owned',
    help: 'Partitions that this instance consumes.',
    collect() {
      this.set(consumer.ownedPartitions.length);
    },
  });
  metrics.gauge({
    name: 'chat_queue_depth',
    help: 'Accepted messages in RabbitMQ that are not delivered yet, by partition; none while unavailable.',
    labelNames: ['partition'],
    async collect() {
      this.reset();
      const depths = await consumer.queueDepths().catch(() => []);
      for (const [partition, depth] of depths.entries()) this.set({ partition }, depth);
    },
  });
}
