import { createHash } from 'node:crypto';
import type { CommandContent } from './message-command.ts';
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

/** Returns the id of a command that changes a message, which its content determines. */
export function commandIdOf(content: CommandContent): string {
  const { kind, userId, roomId, clientMessageId, payload } = content;
  const fields = Object.entries(payload).sort(([a], [b]) => (a < b ? -1 : 1));
  return idOf(JSON.stringify([kind, userId, roomId, clientMessageId, fields]));
}

function idOf(key: string): string {
  return createHash('sha256').update(key).digest().subarray(0, 16).toString('base64url');
}
