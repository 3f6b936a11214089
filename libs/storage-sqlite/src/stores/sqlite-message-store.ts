import type { RoomHead } from '@chat/contracts';
import {
  latestStates,
  MessageStore,
  type LogEntry,
  type MessageVersion,
  type PageCursor,
  type PlanningState,
  type RoomRev,
  type StoredMessage,
} from '@chat/messages';
import { mapInChunks } from '@chat/platform/collections';
import type { SqliteConnection } from '../sqlite-connection.ts';

/** Greater than every seq and rev. */
const END = Number.MAX_SAFE_INTEGER;
/** Number of rooms whose last messages are read in one call. */
const LAST_MESSAGES_CHUNK = 20;

interface Page {
  readonly messages: StoredMessage[];
  readonly head: RoomHead;
}

export class SqliteMessageStore extends MessageStore {
  constructor(private readonly connection: SqliteConnection) {
    super();
  }

  append(entries: readonly LogEntry[]): Promise<void> {
    return this.connection.call('appendEntries', entries);
  }

  /** Nothing to do: an update is stored and applied in one transaction. */
  applyPending(): Promise<void> {
    return Promise.resolve();
  }

  override async planningState(
    roomIds: readonly string[],
    ids: readonly string[],
  ): Promise<PlanningState> {
    const { heads, entries } = await this.connection.call('planningState', roomIds, ids);
    return {
      heads: new Map(heads.map((head) => [head.roomId, head])),
      entries: new Map(entries.map((entry) => [entry.id, entry])),
    };
  }

  async findByIds(ids: readonly string[]): Promise<Map<string, LogEntry>> {
    const found = await this.connection.call('findEntriesByIds', ids);
    return new Map(found.map((entry) => [entry.id, entry]));
  }

  async heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    const heads = await this.connection.call('findRoomHeads', roomIds);
    return new Map(heads.map((head) => [head.roomId, head]));
  }

  newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    return this.connection.call('newerRevs', known);
  }

  async lastMessages(roomIds: readonly string[]): Promise<Map<string, StoredMessage>> {
    const found = await mapInChunks(roomIds, LAST_MESSAGES_CHUNK, (chunk) =>
      this.connection.call('lastMessages', chunk),
    );
    return new Map(found.map((message) => [message.roomId, message]));
  }

  page(roomId: string, cursor: PageCursor, limit: number): Promise<Page> {
    switch (cursor.kind) {
      case 'newest':
        return this.#before(roomId, END, limit);
      case 'before':
        return this.#before(roomId, cursor.seq, limit);
      case 'after':
        return this.#after(roomId, cursor.seq, limit);
      case 'around':
        return this.#around(roomId, cursor.seq, limit);
    }
  }

  /** Reads slice by slice; omits entries that were stored after the first slice. */
  async changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<Page & { readonly rev: number }> {
    const { connection } = this;
    const first = await connection.call('changesAfter', roomId, since, END, limit);
    const { head } = first;
    const messages = [...first.messages];
    let { rev, complete } = first;
    while (!complete) {
      // Every rev has one entry.
      const rest = limit - (rev - since);
      const slice = await connection.call('changesAfter', roomId, rev, head.rev, rest);
      messages.push(...slice.messages);
      ({ rev, complete } = slice);
    }
    return { messages: latestStates(messages), rev, head };
  }

  find(roomId: string, messageId: string): Promise<StoredMessage | undefined> {
    return this.connection.call('findMessage', roomId, messageId);
  }

  versions(_roomId: string, messageId: string): Promise<MessageVersion[]> {
    return this.connection.call('messageVersions', messageId);
  }

  /** Reads slice by slice, in separate calls: other calls are served in between. */
  async #before(roomId: string, before: number, limit: number): Promise<Page> {
    const { connection } = this;
    const first = await connection.call('messagesBefore', roomId, before, limit);
    let { messages, complete } = first;
    while (!complete) {
      const from = messages[0]?.seq ?? 0;
      const rest = limit - messages.length;
      const slice = await connection.call('messagesBefore', roomId, from, rest);
      messages = [...slice.messages, ...messages];
      complete = slice.complete;
    }
    return { messages, head: first.head };
  }

  /** Reads slice by slice; omits messages that were stored after the first slice. */
  async #after(roomId: string, after: number, limit: number): Promise<Page> {
    const { connection } = this;
    const first = await connection.call('messagesAfter', roomId, after, END, limit);
    const messages = [...first.messages];
    let { complete } = first;
    const { head } = first;
    while (!complete) {
      const from = messages.at(-1)?.seq ?? head.seq;
      const rest = limit - messages.length;
      const slice = await connection.call('messagesAfter', roomId, from, head.seq, rest);
      messages.push(...slice.messages);
      complete = slice.complete;
    }
    return { messages, head };
  }

  async #around(roomId: string, seq: number, limit: number): Promise<Page> {
    const { messages: later, head } = await this.#after(roomId, seq - 1, limit);
    const before = Math.max(Math.floor(limit / 2), limit - later.length);
    const { messages: earlier } = await this.#before(roomId, seq, before);
    return { messages: [...earlier, ...later.slice(0, limit - earlier.length)], head };
  }
}
