import { randomBytes } from 'node:crypto';
import type { ConfirmChannel, ConsumeMessage, GetMessage } from 'amqplib';
import { z } from 'zod';
import { publishConfirmed } from '../connection/publish-confirmed.ts';
import { DEAD_LETTER_EXCHANGE } from '../topology.ts';

const REASON_HEADER = 'x-chat-reason';
const PARTITION_HEADER = 'x-chat-partition';

const Headers = z.object({
  [REASON_HEADER]: z.string().catch('unknown'),
  [PARTITION_HEADER]: z.number().optional().catch(undefined),
});
/** Tolerates any properties: an unrelated message in the queue must not hide the dead letters. */
const Properties = z.object({
  messageId: z.string().catch(''),
  timestamp: z.number().optional().catch(undefined),
  headers: Headers.catch(Headers.parse({})),
});

const EventWithRoom = z.object({ data: z.object({ roomId: z.string() }) });

/** A message that could never be stored. */
export interface DeadLetter {
  readonly id: string;
  readonly reason: string;
  /** When it was published to the dead-letter queue. */
  readonly deadLetteredAt: Date | undefined;
  /** The partition that delivered it. */
  readonly partition: number | undefined;
  /** Undefined when the content has no room id. */
  readonly roomId: string | undefined;
  /** The content as it was originally published. */
  readonly content: Buffer;
}

/**
 * Publishes a delivered message unchanged to the dead-letter queue, with the reason. Resolves
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

/** Decodes a message from the dead-letter queue. */
export function readDeadLetter({ content, properties }: GetMessage): DeadLetter {
  const { messageId, timestamp, headers } = Properties.parse(properties);
  return {
    id: messageId,
    reason: headers[REASON_HEADER],
    deadLetteredAt: timestamp === undefined ? undefined : new Date(timestamp * 1_000),
    partition: headers[PARTITION_HEADER],
    roomId: roomIdOf(content),
    content,
  };
}

function roomIdOf(content: Buffer): string | undefined {
  try {
    return EventWithRoom.safeParse(JSON.parse(content.toString())).data?.data.roomId;
  } catch {
    return undefined;
  }
}
