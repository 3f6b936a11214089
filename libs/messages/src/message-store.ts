import type { Message, RoomHead } from '@chat/contracts';
import { Failure } from '@chat/platform/failures';
import type { RoomRev } from './room-rev.ts';

/** Selects the messages of a page. The message at the cursor is excluded, except for `around`. */
export type PageCursor =
  | { readonly kind: 'newest' }
  | { readonly kind: 'before'; readonly seq: number }
  | { readonly kind: 'after'; readonly seq: number }
  | { readonly kind: 'around'; readonly seq: number };

/**
 * A different message is already stored at a seq or rev that a batch claims: a second writer
 * is active. The caller must discard its cached heads and re-read them.
 */
export class ConflictingWriterError extends Error {
  override readonly name = 'ConflictingWriterError';
}

/**
 * The store can never accept one of the messages, because of its content: it is too large,
 * or violates a rule of the database. Never thrown for temporary failures.
 */
export class RejectedMessageError extends Failure {
  override readonly name = 'RejectedMessageError';
  /** @param reason for operators; contains no part of the message's content */
  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super('VALIDATION', 'The server cannot store this message.', { cause });
  }
}

/**
 * Stores messages by room. The caller assigns ids, seqs and revs; the store keeps
 * `id`, (room, seq) and (room, rev) unique. A message's seq is never greater than
 * its rev, because every message is a change.
 */
export abstract class MessageStore {
  /**
   * Stores the messages in the given order; they are durable when this resolves.
   *
   * A failure may leave a prefix stored, never a gap. The same batch may be
   * appended again unchanged: messages that are already stored are skipped.
   *
   * @throws ConflictingWriterError if a different message has one of the ids, seqs or revs.
   * @throws RejectedMessageError if one of the messages can never be stored.
   */
  abstract append(messages: readonly Message[]): Promise<void>;
  /** Returns the stored messages that have one of the ids, by id. */
  abstract findByIds(ids: readonly string[]): Promise<Map<string, Message>>;
  /** Returns the highest seq and rev of each room; zeros for a room without messages. */
  abstract heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>>;
  /** Returns the highest rev of each room that is ahead of the known rev; omits the other rooms. */
  abstract newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]>;
  /** Returns the last message of each room that has messages. */
  abstract lastMessages(roomIds: readonly string[]): Promise<Map<string, Message>>;
  /**
   * Returns at most `limit` messages, oldest first, with the head as of the same moment.
   * `around` centres the message with that seq. When `limit` is even, the older half is the
   * larger one; at either end of the room the page is filled from the other side.
   */
  abstract page(
    roomId: string,
    cursor: PageCursor,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }>;
  /**
   * Returns at most `limit` messages whose rev is greater than `since`, in rev order,
   * with the head as of the same moment.
   */
  abstract changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }>;
}
