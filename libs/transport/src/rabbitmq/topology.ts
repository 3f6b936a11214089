import { PARTITION_COUNT, partitionOf } from '@chat/messages/commands';
import type { Channel } from 'amqplib';

/**
 * Exchange of persistence events, routed by partition number. The name contains the number of
 * partitions, because a different number is a different topology.
 */
export const EVENTS_EXCHANGE = `chat.messages.${PARTITION_COUNT}`;
/** Exchange of messages that can never be stored, with the reason. */
export const DEAD_LETTER_EXCHANGE = 'chat.messages.dead';
/** Queue of all dead letters. */
export const DEAD_LETTER_QUEUE = 'chat.messages.dead';
/** Exchange of heartbeats between the instances that share the partitions. */
export const INSTANCES_EXCHANGE = 'chat.messages.instances';

/** No `x-delivery-limit`, which could never be changed: a policy lifts the limit of RabbitMQ 4. */
const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } } as const;

/** Returns the name of a partition's queue, which is ordered and has a single active consumer. */
export function queueOf(partition: number): string {
  return `${EVENTS_EXCHANGE}.${partition}`;
}

/** Returns the routing key of a partition's events. */
export function routingKeyOf(partition: number): string {
  return String(partition);
}

/** Returns the routing key of a room's events. */
export function routingKeyOfRoom(roomId: string): string {
  return routingKeyOf(partitionOf(roomId));
}

/** Declares all durable exchanges and queues: creates them, or checks that existing ones match. */
export async function declareTopology(channel: Channel): Promise<void> {
  await declareDeadLetters(channel);
  for (let partition = 0; partition < PARTITION_COUNT; partition += 1) {
    await declarePartition(channel, partition);
  }
}

/** Declares the exchange of events, and the queue of a partition. */
export async function declarePartition(channel: Channel, partition: number): Promise<void> {
  await channel.assertExchange(EVENTS_EXCHANGE, 'direct', { durable: true });
  await channel.assertQueue(queueOf(partition), {
    ...QUORUM,
    arguments: { ...QUORUM.arguments, 'x-single-active-consumer': true },
  });
  await channel.bindQueue(queueOf(partition), EVENTS_EXCHANGE, routingKeyOf(partition));
}

/** Declares the exchange and the queue of dead letters. */
export async function declareDeadLetters(channel: Channel): Promise<void> {
  await channel.assertExchange(DEAD_LETTER_EXCHANGE, 'fanout', { durable: true });
  await channel.assertQueue(DEAD_LETTER_QUEUE, QUORUM);
  await channel.bindQueue(DEAD_LETTER_QUEUE, DEAD_LETTER_EXCHANGE, '');
}

/** Declares a private queue for the heartbeats of all instances, deleted with the connection. */
export async function declareInstanceQueue(channel: Channel): Promise<string> {
  await channel.assertExchange(INSTANCES_EXCHANGE, 'fanout', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  await channel.bindQueue(queue, INSTANCES_EXCHANGE, '');
  return queue;
}
