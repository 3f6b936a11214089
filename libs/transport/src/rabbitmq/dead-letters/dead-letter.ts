import { randomBytes } from 'node:crypto';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { DEAD_LETTER_EXCHANGE } from '../topology.ts';
import { publishConfirmed } from '../connection/publish-confirmed.ts';

export const REASON_HEADER = 'x-chat-reason';
export const PARTITION_HEADER = 'x-chat-partition';

/**
 * Publishes a delivered message to the dead letters, unchanged, with the reason. Resolves
 * once it is durable there, so that the delivery can be acknowledged.
 */
export function publishDeadLetter(
  channel: ConfirmChannel,
  { content, properties }: ConsumeMessage,
  partition: number,
  reason: string,
): Promise<void> {
  const messageId: unknown = properties.messageId;
  return publishConfirmed(channel, DEAD_LETTER_EXCHANGE, '', content, {
    messageId:
      typeof messageId === 'string' && messageId !== ''
        ? messageId
        : randomBytes(16).toString('base64url'),
    contentType: 'application/json',
    timestamp: Math.floor(Date.now() / 1_000),
    headers: { [REASON_HEADER]: reason, [PARTITION_HEADER]: partition },
  });
}
