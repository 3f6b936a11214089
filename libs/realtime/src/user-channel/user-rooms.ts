import type { ReadPosition } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';

/** A user with at least one socket on this instance. */
interface ConnectedUser {
  readonly id: string;
  readonly sockets: Set<ChatSocket>;
  readonly rooms: Set<IndexedRoom>;
  /**
   * Rooms that have changed since the load in progress began, by id: the new lastReadSeq, or
   * undefined for an ended membership. Undefined without a load.
   */
  changes: Map<string, number | undefined> | undefined;
  /** Whether the last load returned every room. */
  hasAllRooms: boolean;
}

/** A room with at least one connected member. */
interface IndexedRoom {
  readonly id: string;
  /** The lastReadSeq of each connected member. */
  readonly positions: Map<ConnectedUser, number>;
}

/** A pair of user and room. */
export interface RoomOfUser {
  readonly userId: string;
  readonly roomId: string;
}

/** How a load has changed the rooms of users. */
export interface LoadedRooms {
  readonly added: readonly RoomOfUser[];
  /** Memberships that have ended without a signal. */
  readonly ended: readonly RoomOfUser[];
}

/** The rooms of all connected users, with their read positions, by user and by room. */
@Injectable()
export class UserRooms {
  readonly #users = new Map<string, ConnectedUser>();
  readonly #rooms = new Map<string, IndexedRoom>();

  /** Adds a socket; returns whether it is the first one of its user, whose rooms are unknown. */
  connect(socket: ChatSocket): boolean {
    const { userId } = socket.data.identity;
    const known = this.#users.get(userId);
    if (known) {
      known.sockets.add(socket);
      return false;
    }
    this.#users.set(userId, {
      id: userId,
      sockets: new Set([socket]),
      rooms: new Set(),
      changes: undefined,
      hasAllRooms: false,
    });
    return true;
  }

  /** Removes a socket, and with the last one its user. */
  disconnect(socket: ChatSocket): void {
    const user = this.#users.get(socket.data.identity.userId);
    if (!user?.sockets.delete(socket) || user.sockets.size > 0) return;
    this.#users.delete(user.id);
    for (const room of user.rooms) this.#remove(user, room);
  }

  /** Returns the ids of all connected users, beginning with the one loaded least recently. */
  userIds(): string[] {
    return [...this.#users.keys()];
  }

  isConnected(userId: string): boolean {
    return this.#users.has(userId);
  }

  /** Whether the last load of the user returned every room; false before the first one. */
  hasAllRoomsOf(userId: string): boolean {
    return this.#users.get(userId)?.hasAllRooms ?? false;
  }

  /** Returns the lastReadSeq of a connected member; undefined for any other user. */
  positionOf(userId: string, roomId: string): number | undefined {
    const user = this.#users.get(userId);
    return user && this.#rooms.get(roomId)?.positions.get(user);
  }

  socketsOf(userId: string): Iterable<ChatSocket> {
    return this.#users.get(userId)?.sockets ?? [];
  }

  /** Returns the sockets of all connected members of a room, joined on the socket or not. */
  *memberSocketsOf(roomId: string): Iterable<ChatSocket> {
    for (const { sockets } of this.#rooms.get(roomId)?.positions.keys() ?? []) yield* sockets;
  }

  /** Sets the read position of a member; does nothing for any other user. */
  movePosition({ userId, roomId, lastReadSeq }: ReadPosition): void {
    const user = this.#users.get(userId);
    if (!user) return;
    // A membership that ended during a load stays ended: the signals may arrive in any order.
    const { changes } = user;
    const hasEnded = changes?.has(roomId) && changes.get(roomId) === undefined;
    if (!hasEnded) changes?.set(roomId, lastReadSeq);
    const positions = this.#rooms.get(roomId)?.positions;
    if (positions?.has(user)) positions.set(user, lastReadSeq);
  }

  removeMember(userId: string, roomId: string): void {
    const user = this.#users.get(userId);
    if (!user) return;
    user.changes?.set(roomId, undefined);
    const room = this.#rooms.get(roomId);
    if (room) this.#remove(user, room);
  }

  /** Removes a deleted room. */
  removeRoom(roomId: string): void {
    for (const user of this.#users.values()) user.changes?.set(roomId, undefined);
    const room = this.#rooms.get(roomId);
    if (!room) return;
    for (const user of room.positions.keys()) user.rooms.delete(room);
    this.#rooms.delete(roomId);
  }

  /** Begins a load of the rooms of these users: what changes until it ends is newer. */
  beginLoad(userIds: readonly string[]): void {
    for (const userId of userIds) {
      const user = this.#users.get(userId);
      if (user) user.changes = new Map();
    }
  }

  /**
   * Ends a load; ignores users who have reconnected since it began, and rooms that have changed.
   *
   * @param positions every room of the users; only some of them unless `complete`
   */
  endLoad(
    userIds: readonly string[],
    positions: readonly ReadPosition[],
    complete: boolean,
  ): LoadedRooms {
    const byUser = Map.groupBy(positions, ({ userId }) => userId);
    const added: RoomOfUser[] = [];
    const ended: RoomOfUser[] = [];
    for (const userId of userIds) {
      const user = this.#users.get(userId);
      const changes = user?.changes;
      if (!user || !changes) continue;
      user.changes = undefined;
      user.hasAllRooms = complete;
      const loaded = byUser.get(userId) ?? [];
      for (const { roomId, lastReadSeq } of loaded) {
        const newest = changes.has(roomId) ? changes.get(roomId) : lastReadSeq;
        if (newest !== undefined && this.#add(user, roomId, newest)) added.push({ userId, roomId });
      }
      if (complete) {
        const roomIds = new Set(loaded.map(({ roomId }) => roomId));
        for (const room of user.rooms) {
          if (roomIds.has(room.id) || changes.has(room.id)) continue;
          this.#remove(user, room);
          ended.push({ userId, roomId: room.id });
        }
      }
      // Appended at the end: see userIds().
      this.#users.delete(userId);
      this.#users.set(userId, user);
    }
    return { added, ended };
  }

  /** Adds the room, or sets the position in it; returns whether it was added. */
  #add(user: ConnectedUser, roomId: string, lastReadSeq: number): boolean {
    const room = this.#rooms.get(roomId) ?? { id: roomId, positions: new Map() };
    this.#rooms.set(room.id, room);
    room.positions.set(user, lastReadSeq);
    if (user.rooms.has(room)) return false;
    user.rooms.add(room);
    return true;
  }

  #remove(user: ConnectedUser, room: IndexedRoom): void {
    user.rooms.delete(room);
    room.positions.delete(user);
    if (room.positions.size === 0) this.#rooms.delete(room.id);
  }
}
