import { createHash } from 'node:crypto';
import { MESSAGE_CREATE, type MessageCreate } from './message-create.ts';

/** The fields that identify a message; `text` as it is stored. */
export type MessageContent = Pick<MessageCreate, 'userId' | 'roomId' | 'clientMessageId' | 'text'>;

/**
 * Returns the id of a message: 128 bits of SHA-256 over its kind, sender, room, client's id and
 * text, as base64url. A retry has the same id on every instance at any time; different
 * content has a different id.
 */
export function messageIdOf({ userId, roomId, clientMessageId, text }: MessageContent): string {
  return idOf(JSON.stringify([MESSAGE_CREATE, userId, roomId, clientMessageId, text]));
}

/**
 * Returns the id that earlier versions gave the message. It does not cover the text, so it
 * identifies a message only together with its text.
 */
export function legacyMessageIdOf({ userId, roomId, clientMessageId }: MessageContent): string {
  return idOf(`${userId}\0${roomId}\0${clientMessageId}`);
}

function idOf(key: string): string {
  return createHash('sha256').update(key).digest().subarray(0, 16).toString('base64url');
}
