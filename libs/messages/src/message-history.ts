import { Changes, type ChangesQuery, type HistoryQuery, type RoomHead } from '@chat/contracts';
import type { Identity } from '@chat/auth';
import { RoomAccess } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { StoredMessage, toMessage } from './log/stored-message.ts';
import type { RoomRev } from './room-rev.ts';
import { HistoryCache, type HistoryPage } from './history-cache.ts';
import { MessageStore, type PageCursor } from './message-store.ts';

/** A page of changes, with all reactions. */
export interface StoredChanges extends Omit<Changes, 'changes'> {
  readonly changes: StoredMessage[];
}

/** Schema of {@link StoredChanges} in calls between services. */
export const StoredChanges = Changes.extend({ changes: z.array(StoredMessage) });

/** Reads the messages of rooms: with an access check for users, and without one for the edge. */
@Injectable()
export class MessageHistory {
  constructor(
    private readonly store: MessageStore,
    private readonly cache: HistoryCache,
    private readonly access: RoomAccess,
  ) {}

  /** Returns a page, oldest first; without a cursor, the newest messages. @throws NotFoundError */
  async history({ userId }: Identity, roomId: string, query: HistoryQuery): Promise<HistoryPage> {
    await this.access.requireReadable(userId, roomId);
    return this.cache.page(roomId, cursorOf(query), query.limit);
  }

  /** Returns the changes after a rev, in rev order. @throws NotFoundError */
  async changes({ userId }: Identity, roomId: string, query: ChangesQuery): Promise<Changes> {
    await this.access.requireReadable(userId, roomId);
    const { changes, ...page } = await this.changesOf(roomId, query.since, query.limit);
    return { ...page, changes: changes.map((message) => toMessage(message, userId)) };
  }

  /** Like {@link changes}, without an access check. */
  async changesOf(roomId: string, since: number, limit: number): Promise<StoredChanges> {
    const { messages, rev, head } = await this.store.changes(roomId, since, limit);
    if (since > head.rev) return { rev: head.rev, complete: false, changes: [] };
    return { rev, complete: rev === head.rev, changes: messages };
  }

  /** Returns the head of a room; zeros for a room without messages. */
  async headOf(roomId: string): Promise<RoomHead> {
    const heads = await this.store.heads([roomId]);
    return heads.get(roomId) ?? { roomId, seq: 0, rev: 0 };
  }

  /** Like {@link MessageStore.newerRevs}. */
  newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    return this.store.newerRevs(known);
  }
}

function cursorOf({ before, after, around }: HistoryQuery): PageCursor {
  if (before !== undefined) return { kind: 'before', seq: before };
  if (after !== undefined) return { kind: 'after', seq: after };
  if (around !== undefined) return { kind: 'around', seq: around };
  return { kind: 'newest' };
}
