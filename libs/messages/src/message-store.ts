import type { RoomHead } from '@chat/contracts';
import { Failure } from '@chat/platform/failures';
import type { LogEntry } from './log/log-entry.ts';
import type { StoredMessage } from './log/stored-message.ts';
import type { RoomRev } from './room-rev.ts';

/** Selects the messages of a page. The message at the cursor is excluded, except for `around`. */
export type PageCursor =
  | { readonly kind: 'newest' }
  | { readonly kind: 'before'; readonly seq: number }
  | { readonly kind: 'after'; readonly seq: number }
  | { readonly kind: 'around'; readonly seq: number };

/** A text that a message had before an edit. */
export interface MessageVersion {
  /** Rev of the message before the edit that replaced this text. */
  readonly rev: number;
  readonly text: string;
  /** Time from which the message had this text; ISO 8601, UTC. */
  readonly at: string;
}

/** What a writer plans a batch with. */
export interface PlanningState {
  /** Highest seq and rev of each room; zeros for a room without messages. */
  readonly heads: Map<string, RoomHead>;
  /** Stored entries by id; messages in their latest state. */
  readonly entries: Map<string, LogEntry>;
}

/**
 * A different entry is already stored at an id, seq or rev that a batch claims: a second writer
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
 * Stores the log of every room: the messages, which are the entries that create them, and the
 * updates of messages. The caller assigns ids, seqs and revs; the store keeps `id`, (room, seq)
 * and (room, rev) unique over all entries. A message's seq is never greater than its rev, because
 * every message is a change.
 *
 * A head never passes an update that is not applied, so that no reader of the head misses it.
 */
export abstract class MessageStore {
  /**
   * Stores the entries in the given order and applies the updates; all of it is durable when this
   * resolves.
   *
   * A failure may leave a prefix stored, never a gap, and the last updates of the prefix may not be
   * applied. The same batch may be appended again unchanged: entries that are already stored are
   * skipped, and updates that are not applied are applied.
   *
   * @throws ConflictingWriterError if a different entry has one of the ids, seqs or revs.
   * @throws RejectedMessageError if one of the entries can never be stored.
   */
  abstract append(entries: readonly LogEntry[]): Promise<void>;
  /**
   * Applies the stored updates of the rooms that a crashed writer has not applied, in rev order.
   * A writer calls this before it reads the head of a room.
   */
  abstract applyPending(roomIds: readonly string[]): Promise<void>;
  /** Returns the stored entries that have one of the ids, by id; messages in their latest state. */
  abstract findByIds(ids: readonly string[]): Promise<Map<string, LogEntry>>;
  /**
   * Applies the pending updates of the rooms, and then returns their heads and the stored entries
   * that have one of the ids. A store that needs only one request for all of it overrides this.
   */
  async planningState(roomIds: readonly string[], ids: readonly string[]): Promise<PlanningState> {
    if (roomIds.length > 0) await this.applyPending(roomIds);
    const heads = roomIds.length > 0 ? await this.heads(roomIds) : new Map<string, RoomHead>();
    const entries = ids.length > 0 ? await this.findByIds(ids) : new Map<string, LogEntry>();
    return { heads, entries };
  }
  /** Returns the highest seq and rev of each room; zeros for a room without messages. */
  abstract heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>>;
  /** Returns the highest rev of each room that is ahead of the known rev; omits the other rooms. */
  abstract newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]>;
  /** Returns the last message of each room that has messages. */
  abstract lastMessages(roomIds: readonly string[]): Promise<Map<string, StoredMessage>>;
  /**
   * Returns at most `limit` messages, oldest first, with a head that was read before them: they
   * may be newer. `around` centres the message with that seq. When `limit` is even, the older half
   * is the larger one; at either end of the room the page is filled from the other side.
   */
  abstract page(
    roomId: string,
    cursor: PageCursor,
    limit: number,
  ): Promise<{ messages: StoredMessage[]; head: RoomHead }>;
  /**
   * Returns what at most `limit` entries after `since` have changed.
   *
   * @returns `messages` in rev order, each once and in its latest state: a message that changes
   * again later is part of a later page, unless that change is beyond the head. `rev` is that of
   * the last entry. The head was read before the messages.
   */
  abstract changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<{ messages: StoredMessage[]; rev: number; head: RoomHead }>;
  /**
   * Returns a message of a room in its latest state; undefined if the room has none with this id,
   * or the head has not reached it.
   */
  abstract find(roomId: string, messageId: string): Promise<StoredMessage | undefined>;
  /**
   * Returns the earlier texts of a message, oldest first, at most `MAX_EARLIER_VERSIONS`; none for
   * a message that was deleted, also by an update that is not applied.
   */
  abstract versions(roomId: string, messageId: string): Promise<MessageVersion[]>;
}
