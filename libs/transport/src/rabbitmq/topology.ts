import { PARTITION_COUNT, partitionOf } from '@chat/contracts';
import type { Channel } from 'amqplib';

/** Persistence events, by the number of a partition. The count is part of the name: another count is another topology. */
export const EVENTS_EXCHANGE = `chat.messages.${PARTITION_COUNT}`;
/** What can never be stored, with its reason. */
export const DEAD_LETTER_EXCHANGE = 'chat.messages.dead';
export const DEAD_LETTER_QUEUE = 'chat.messages.dead';
/** Heartbeats of the instances that share the partitions. */
export const INSTANCES_EXCHANGE = 'chat.messages.instances';

/** No `x-delivery-limit`, which could never be changed: a policy lifts the default of RabbitMQ 4. */
const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } } as const;

/** The queue of a partition: in order, and with one active consumer however many there are. */
export function queueOf(partition: number): string {
  return `${EVENTS_EXCHANGE}.${partition}`;
}

export function routingKeyOf(partition: number): string {
  return String(partition);
}

/** The routing key of a room's events. */
export function routingKeyOfRoom(roomId: string): string {
  return routingKeyOf(partitionOf(roomId));
}

/** Everything that is durable. Whoever comes first makes it; to everybody else it is a check. */
export async function declareTopology(channel: Channel): Promise<void> {
  await declareDeadLetters(channel);
  for (let partition = 0; partition < PARTITION_COUNT; partition += 1) {
    await declarePartition(channel, partition);
  }
}

export async function declarePartition(channel: Channel, partition: number): Promise<void> {
  await channel.assertExchange(EVENTS_EXCHANGE, 'direct', { durable: true });
  await channel.assertQueue(queueOf(partition), {
    ...QUORUM,
    arguments: { ...QUORUM.arguments, 'x-single-active-consumer': true },
  });
  await channel.bindQueue(queueOf(partition), EVENTS_EXCHANGE, routingKeyOf(partition));
}

export async function declareDeadLetters(channel: Channel): Promise<void> {
  await channel.assertExchange(DEAD_LETTER_EXCHANGE, 'fanout', { durable: true });
  await channel.assertQueue(DEAD_LETTER_QUEUE, QUORUM);
  await channel.bindQueue(DEAD_LETTER_QUEUE, DEAD_LETTER_EXCHANGE, '');
}

/** A queue of its own, gone with the connection, that hears every instance. */
export async function declareInstanceQueue(channel: Channel): Promise<string> {
  await channel.assertExchange(INSTANCES_EXCHANGE, 'fanout', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  await channel.bindQueue(queue, INSTANCES_EXCHANGE, '');
  return queue;
}
