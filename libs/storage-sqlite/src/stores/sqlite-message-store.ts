import type { Message, RoomHead } from '@chat/contracts';
import { MessageStore, type PageCursor, type RoomRev } from '@chat/messages';
import { mapInChunks } from '@chat/platform/collections';
import type { SqliteConnection } from '../sqlite-connection.ts';

/** Greater than every seq and rev. */
const END = Number.MAX_SAFE_INTEGER;
/** Number of rooms whose last messages are read in one call. */
const LAST_MESSAGES_CHUNK = 20;

interface Page {
  readonly messages: Message[];
  readonly head: RoomHead;
}

export class SqliteMessageStore extends MessageStore {
  constructor(private readonly connection: SqliteConnection) {
    super();
  }

  append(messages: readonly Message[]): Promise<void> {
    return this.connection.call('appendMessages', messages);
  }

  async findByIds(ids: readonly string[]): Promise<Map<string, Message>> {
    const found = await this.connection.call('findMessagesByIds', ids);
    return new Map(found.map((message) => [message.id, message]));
  }

  async heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    const heads = await this.connection.call('findRoomHeads', roomIds);
    return new Map(heads.map((head) => [head.roomId, head]));
  }

  newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    return this.connection.call('newerRevs', known);
  }

  async lastMessages(roomIds: readonly string[]): Promise<Map<string, Message>> {
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
        return this.#after('messagesAfter', roomId, cursor.seq, limit);
      case 'around':
        return this.#around(roomId, cursor.seq, limit);
    }
  }

  changes(roomId: string, since: number, limit: number): Promise<Page> {
    return this.#after('changesAfter', roomId, since, limit);
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
  async #after(
    operation: 'messagesAfter' | 'changesAfter',
    roomId: string,
    after: number,
    limit: number,
  ): Promise<Page> {
    const { connection } = this;
    const first = await connection.call(operation, roomId, after, END, limit);
    const messages = [...first.messages];
    let { complete } = first;
    const { head } = first;
    const [position, upTo] =
      operation === 'messagesAfter' ? (['seq', head.seq] as const) : (['rev', head.rev] as const);
    while (!complete) {
      const from = messages.at(-1)?.[position] ?? upTo;
      const rest = limit - messages.length;
      const slice = await connection.call(operation, roomId, from, upTo, rest);
      messages.push(...slice.messages);
      complete = slice.complete;
    }
    return { messages, head };
  }

  async #around(roomId: string, seq: number, limit: number): Promise<Page> {
    const { messages: later, head } = await this.#after('messagesAfter', roomId, seq - 1, limit);
    const before = Math.max(Math.floor(limit / 2), limit - later.length);
    const { messages: earlier } = await this.#before(roomId, seq, before);
    return { messages: [...earlier, ...later.slice(0, limit - earlier.length)], head };
  }
}
