import type { EarlierVersion, Message, Reactor, ReactorListQuery } from '@chat/contracts';
import type { Identity } from '@chat/auth';
import { RoomAccess, UserDirectory } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import { noSuchMessage } from './command-access.ts';
import { toMessage, type StoredMessage } from './log/stored-message.ts';
import { MessageStore } from './message-store.ts';

/** Reads one message, its earlier texts, and who reacted to it. */
@Injectable()
export class MessageDetails {
  constructor(
    private readonly store: MessageStore,
    private readonly access: RoomAccess,
    private readonly directory: UserDirectory,
  ) {}

  /** @throws NotFoundError for the room or the message */
  async message({ userId }: Identity, roomId: string, messageId: string): Promise<Message> {
    return toMessage(await this.#require(userId, roomId, messageId), userId);
  }

  /** Returns the texts before each edit, oldest first. @throws NotFoundError as {@link message} */
  async versions(
    { userId }: Identity,
    roomId: string,
    messageId: string,
  ): Promise<EarlierVersion[]> {
    await this.#require(userId, roomId, messageId);
    const versions = await this.store.versions(roomId, messageId);
    return versions.map(({ text, at }) => ({ text, timestamp: at }));
  }

  /**
   * Returns a page of users, ordered by user id, also those who have left the room. A user without
   * an account has no username, but stays in the page, because its last id is the next cursor.
   *
   * @throws NotFoundError as {@link message}
   * @throws UnavailableError when the usernames cannot be read
   */
  async reactors(
    { userId }: Identity,
    roomId: string,
    messageId: string,
    { emoji, after = '', limit }: ReactorListQuery,
  ): Promise<Reactor[]> {
    const { reactions = [] } = await this.#require(userId, roomId, messageId);
    const reaction = reactions.find((known) => known.emoji === emoji);
    const userIds = (reaction?.userIds ?? []).filter((id) => id > after).sort();
    const page = userIds.slice(0, limit);
    if (page.length === 0) return [];
    const users = await this.directory.publicUsers(page);
    return page.map((id) => {
      const username = users.get(id)?.username;
      return { userId: id, ...(username !== undefined && { username }) };
    });
  }

  async #require(userId: string, roomId: string, messageId: string): Promise<StoredMessage> {
    await this.access.requireReadable(userId, roomId);
    const message = await this.store.find(roomId, messageId);
    if (!message) throw noSuchMessage();
    return message;
  }
}
