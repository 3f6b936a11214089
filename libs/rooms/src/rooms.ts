import {
  GENERAL_ROOM_ID,
  type CreateRoomRequest,
  type Message,
  type Role,
  type Room,
  type RoomHead,
  type RoomListQuery,
  type RoomSummary,
  type UpdateRoomRequest,
} from '@chat/contracts';
import type { Identity } from '@chat/auth';
import { ConflictError, Failure } from '@chat/platform/failures';
import { Signals } from '@chat/platform/signals';
import { Injectable } from '@nestjs/common';
import { requireAllowed } from './policy.ts';
import { ReadPositions, unreadAfter } from './read-positions.ts';
import { noSuchRoom, RoomAccess } from './room-access.ts';
import { RoomActivity } from './room-activity.ts';
import { RoomCreation } from './room-creation.ts';
import { MAX_SIGNAL_USERS, ROOM_DELETED, ROOM_UPDATED } from './room-signals.ts';
import { RoomStore } from './room-store.ts';
import { toRoom } from './to-room.ts';

/** Maximum number of rooms that discovery returns; a query narrows them down. */
const MAX_DISCOVERED = 100;
/**
 * Maximum number of signals per deletion. Remaining members are notified only if a socket of theirs
 * has joined the room; otherwise they see the deletion when they next list their rooms.
 */
const MAX_DELETION_SIGNALS = 20;

interface ListedRoom {
  readonly room: Room;
  readonly role?: Role | undefined;
}

/** Lists, creates, changes and deletes rooms on behalf of a user. */
@Injectable()
export class Rooms {
  constructor(
    private readonly store: RoomStore,
    private readonly access: RoomAccess,
    private readonly creation: RoomCreation,
    private readonly activity: RoomActivity,
    private readonly readPositions: ReadPositions,
    private readonly signals: Signals,
  ) {}

  /** Returns the caller's rooms or, with `discover`, public rooms; ordered by name. */
  async list({ userId }: Identity, { discover, query }: RoomListQuery): Promise<RoomSummary[]> {
    if (!discover) return this.#joined(userId);
    const mine = await this.store.listRoomsOf(userId);
    const roles = new Map(mine.map(({ room, role }) => [room.id, role]));
    const found = await this.store.findPublicRooms(query, MAX_DISCOVERED);
    return this.#summaries(found.map((room) => ({ room: toRoom(room), role: roles.get(room.id) })));
  }

  /** Returns a room that the caller may read. @throws NotFoundError */
  async get({ userId }: Identity, roomId: string): Promise<RoomSummary> {
    return this.#summary(await this.access.requireReadable(userId, roomId));
  }

  /** Creates a room with the caller as its owner. @throws ConflictError, RateLimitedError */
  async create({ userId }: Identity, request: CreateRoomRequest): Promise<RoomSummary> {
    const room = await this.creation.create(userId, request);
    return this.#summary({ room, role: 'owner' });
  }

  /**
   * Updates the topic and, for private rooms, the name. A public room's name is its id and cannot
   * change.
   *
   * @throws NotFoundError, ForbiddenError
   */
  async update(
    { userId }: Identity,
    roomId: string,
    changes: UpdateRoomRequest,
  ): Promise<RoomSummary> {
    const { room, role } = await this.access.requireReadable(userId, roomId);
    requireAllowed(role, 'changeRoom');
    if (room.visibility === 'public' && changes.name !== undefined) {
      throw new Failure('VALIDATION', 'The name of a public room cannot be changed.', {
        details: [{ path: 'name', message: 'Cannot be changed for a public room.' }],
      });
    }
    const updated = await this.store.updateRoom(roomId, changes);
    if (!updated) throw noSuchRoom();
    this.signals.publish(ROOM_UPDATED, { room: toRoom(updated) });
    return this.#summary({ room: toRoom(updated), role });
  }

  /**
   * Deletes a room permanently: it no longer exists for any user, and its id is
   * never reused. Its messages stay stored, but can no longer be read.
   *
   * @throws NotFoundError, ForbiddenError for members other than the owner, ConflictError for
   * `general`
   */
  async delete({ userId }: Identity, roomId: string): Promise<void> {
    const { role } = await this.access.requireReadable(userId, roomId);
    if (roomId === GENERAL_ROOM_ID) {
      throw new ConflictError('The room "general" cannot be deleted.');
    }
    requireAllowed(role, 'deleteRoom');
    const memberChunks = await this.#memberChunks(roomId);
    if (!(await this.store.deleteRoom(roomId, new Date().toISOString()))) throw noSuchRoom();
    for (const userIds of memberChunks) {
      this.signals.publish(ROOM_DELETED, { roomId, userIds });
    }
  }

  /** Returns the members to notify, in one chunk per signal; at least one chunk. */
  async #memberChunks(roomId: string): Promise<string[][]> {
    const chunks: string[][] = [];
    let after: string | undefined;
    do {
      const page = { limit: MAX_SIGNAL_USERS, ...(after !== undefined && { after }) };
      const members = await this.store.listMembers(roomId, page);
      chunks.push(members.map(({ userId }) => userId));
      after = members.length === MAX_SIGNAL_USERS ? members.at(-1)?.userId : undefined;
    } while (after !== undefined && chunks.length < MAX_DELETION_SIGNALS);
    return chunks;
  }

  async #joined(userId: string): Promise<RoomSummary[]> {
    const rooms = await this.readPositions.roomsOf(userId);
    const lastMessages = await this.activity.lastMessagesOf(rooms.map(({ room }) => room.id));
    return rooms.map(({ room, role, head, lastReadSeq }) => ({
      ...toSummary({ room, role }, head, lastMessages.get(room.id)),
      lastReadSeq,
      unread: unreadAfter(lastReadSeq, head.seq),
    }));
  }

  async #summary(listed: ListedRoom): Promise<RoomSummary> {
    const [summary] = await this.#summaries([listed]);
    if (!summary) throw noSuchRoom();
    return summary;
  }

  async #summaries(listed: readonly ListedRoom[]): Promise<RoomSummary[]> {
    const roomIds = listed.map(({ room }) => room.id);
    const [heads, lastMessages] = await Promise.all([
      this.activity.headsOf(roomIds),
      this.activity.lastMessagesOf(roomIds),
    ]);
    return listed.map((each) => {
      const roomId = each.room.id;
      return toSummary(each, heads.get(roomId), lastMessages.get(roomId));
    });
  }
}

function toSummary(
  { room, role }: ListedRoom,
  head: RoomHead | undefined,
  lastMessage: Message | undefined,
): RoomSummary {
  const { seq, rev } = head ?? { seq: 0, rev: 0 };
  return { ...room, ...(role && { role }), seq, rev, ...(lastMessage && { lastMessage }) };
}
