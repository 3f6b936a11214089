import type { Message, RoomHead, RoomRev } from '@chat/contracts';
import { Failure } from '@chat/platform';

/** Which messages of a room a page holds. Cursors are seqs and are themselves left out, but for `around`. */
export type PageCursor =
  | { readonly kind: 'newest' }
  | { readonly kind: 'before'; readonly seq: number }
  | { readonly kind: 'after'; readonly seq: number }
  | { readonly kind: 'around'; readonly seq: number };

/**
 * Another message is stored at a seq or rev that a batch claims: a second
 * writer is alive. Whoever gets it forgets what it knows and takes over afresh.
 */
export class ConflictingWriterError extends Error {
  override readonly name = 'ConflictingWriterError';
}

/**
 * The store can never hold one of the messages, because of what is in it: it is too
 * large, or breaks a rule of the database. Failures that may pass are never this one.
 */
export class RefusedMessageError extends Failure {
  override readonly name = 'RefusedMessageError';
  /** @param reason for operators, without anything of the message's content */
  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super('VALIDATION', 'The server cannot store this message.', { cause });
  }
}

/**
 * Messages by room. The caller gives ids, seqs and revs; the store keeps
 * `id`, (room, seq) and (room, rev) unique. A seq is never above its message's
 * rev: every message is a change.
 */
export abstract class MessageStore {
  /**
   * Stores the messages in the order given; durable when it resolves.
   *
   * A failure may leave a prefix stored, never a hole. The same batch may be
   * given again unchanged: what it already stored counts as stored.
   *
   * @throws ConflictingWriterError if another message holds one of the ids, seqs or revs.
   * @throws RefusedMessageError if one of the messages can never be stored.
   */
  abstract append(messages: readonly Message[]): Promise<void>;
  /** Those of the ids that are stored, with the message. */
  abstract findByIds(ids: readonly string[]): Promise<Map<string, Message>>;
  /** The highest stored seq and rev of each room asked for; zeros for a room without messages. */
  abstract heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>>;
  /** The highest rev of those rooms that have come further than the rev given; the others are left out. */
  abstract revsBeyond(known: readonly RoomRev[]): Promise<RoomRev[]>;
  /** The last message of each room that has one. */
  abstract lastMessages(roomIds: readonly string[]): Promise<Map<string, Message>>;
  /**
   * At most `limit` messages, oldest first, with the head as of the same moment.
   * `around` centres the message with that seq, giving the larger half to what
   * came before when `limit` is even, and fills up from the other side at an end.
   */
  abstract page(
    roomId: string,
    cursor: PageCursor,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }>;
  /**
   * At most `limit` messages whose rev is greater than `since`, in rev order,
   * with the head as of the same moment.
   */
  abstract changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }>;
}
