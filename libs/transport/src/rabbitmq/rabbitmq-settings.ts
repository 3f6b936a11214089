import { wholeNumber } from '@chat/platform/settings';
import { z } from 'zod';

function isBrokerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'amqp:' || protocol === 'amqps:') && hostname !== '';
}

/** Settings of a process that connects to RabbitMQ. */
export const rabbitMqSettings = {
  RABBITMQ_URL: z
    .string('must be set')
    .refine(isBrokerUrl, 'must be a URL such as amqp://user:password@localhost:5672')
    .describe('URL of RabbitMQ: amqp://user:password@host:5672/vhost, or amqps:// for TLS.'),
  RABBITMQ_HEARTBEAT_SECONDS: wholeNumber(1, 60)
    .default(3)
    .describe(
      'Heartbeat interval in seconds; an unresponsive peer is disconnected after two to three intervals.',
    ),
} as const;

/** Settings of a process that publishes persistence events. */
export const publisherSettings = {
  RABBITMQ_PUBLISH_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(2_000)
    .describe(
      'Timeout of a RabbitMQ publisher confirm, after which a send fails with UNAVAILABLE, in milliseconds.',
    ),
} as const;

/** Settings of a process that shares the partitions with other instances. */
export const partitionSettings = {
  PARTITION_HEARTBEAT_MS: wholeNumber(50, 60_000)
    .default(1_000)
    .describe(
      'Interval of the heartbeats between instances, in milliseconds; an instance that misses three counts as dead.',
    ),
  STORE_GIVE_UP_MS: wholeNumber(100, 600_000)
    .default(5_000)
    .describe(
      'Time for which the store may be unreachable before an instance hands its partitions over, in milliseconds.',
    ),
} as const;
