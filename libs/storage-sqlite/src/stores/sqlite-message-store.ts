import type { Message, RoomHead, RoomRev } from '@chat/contracts';
import { MessageStore, type PageCursor } from '@chat/messages';
import type { SqliteConnection } from '../sqlite-connection.ts';

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
    const heads = await this.connection.call('headsOfRooms', roomIds);
    return new Map(heads.map((head) => [head.roomId, head]));
  }

  revsBeyond(known: readonly RoomRev[]): Promise<RoomRev[]> {
    return this.connection.call('revsBeyond', known);
  }

  async lastMessages(roomIds: readonly string[]): Promise<Map<string, Message>> {
    const found = await this.connection.call('lastMessages', roomIds);
    return new Map(found.map((message) => [message.roomId, message]));
  }

  page(
    roomId: string,
    cursor: PageCursor,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }> {
    return this.connection.call('pageOfMessages', roomId, cursor, limit);
  }

  changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }> {
    return this.connection.call('changesSince', roomId, since, limit);
  }
}
