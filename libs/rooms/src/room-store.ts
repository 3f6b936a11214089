import type { Role, Visibility } from '@chat/contracts';

export interface RoomRecord {
  readonly id: string;
  readonly name: string;
  readonly visibility: Visibility;
  readonly topic?: string;
  /** User id; absent for a room that the server created. */
  readonly createdBy?: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** The properties of a room that can be changed; an omitted property stays as it is. */
export interface RoomChanges {
  readonly name?: string;
  readonly topic?: string;
}

/** A pair of room and user, whether or not the user is a member. */
export interface Membership {
  readonly roomId: string;
  readonly userId: string;
}

/** A role that a member can be given; a room has one owner, who hands it over. */
export type AssignableRole = Exclude<Role, 'owner'>;

export interface MemberRecord extends Membership {
  readonly role: Role;
  /** ISO 8601, UTC. */
  readonly joinedAt: string;
  /** {@link ReadPosition.lastReadSeq}; absent in a membership that an earlier version stored. */
  readonly lastReadSeq?: number;
}

/** Read position of a member. */
export interface ReadPosition extends Membership {
  /** Seq of the last message that counts as read; 0 if none does. */
  readonly lastReadSeq: number;
}

/** Outcome of a change of a read position. */
export interface MovedPosition {
  /** The position after the change. */
  readonly lastReadSeq: number;
  /** Whether the position was another one before. */
  readonly moved: boolean;
}

/** A room of a user, with the role and the read position of the user. */
export interface RoomOfUser {
  readonly room: RoomRecord;
  readonly role: Role;
  /** Absent in a membership that an earlier version stored. */
  readonly lastReadSeq?: number;
}

/** A membership with its read position, which an earlier version did not store. */
export type StoredPosition = Membership & Pick<MemberRecord, 'lastReadSeq'>;

/** Maximum positions per {@link RoomStore.markManyRead} call. */
export const MAX_POSITIONS_PER_CALL = 1_000;

/**
 * Stores rooms and their members. A write is durable when it resolves.
 *
 * For every method a deleted room does not exist, with two exceptions: its id stays
 * taken, and {@link RoomStore.findDeleted} returns it. A seq must never be assigned
 * twice, so an id is never reused.
 */
export abstract class RoomStore {
  /**
   * Stores the room and its first member together. Returns false, and stores nothing, if the id
   * is taken, even if by a deleted room.
   */
  abstract createRoom(room: RoomRecord, firstMember?: MemberRecord): Promise<boolean>;
  abstract findRoom(roomId: string): Promise<RoomRecord | undefined>;
  /** Returns the changed room; undefined if the room does not exist. */
  abstract updateRoom(roomId: string, changes: RoomChanges): Promise<RoomRecord | undefined>;
  /**
   * Deletes the room and its members permanently. Its messages, which a RoomStore does
   * not manage, stay. Returns false if the room does not exist.
   *
   * @param deletedAt ISO 8601, UTC
   */
  abstract deleteRoom(roomId: string, deletedAt: string): Promise<boolean>;
  /** Returns those of the ids whose rooms were deleted. */
  abstract findDeleted(roomIds: readonly string[]): Promise<Set<string>>;
  /**
   * Returns public rooms, ordered by name, whose name or topic contains `query`, ignoring case;
   * without a query all public rooms.
   */
  abstract findPublicRooms(query: string | undefined, limit: number): Promise<RoomRecord[]>;
  /** Returns false if the user is already a member (keeping the role) or the room was deleted. */
  abstract addMember(member: MemberRecord): Promise<boolean>;
  /** Returns false if the user is the owner or not a member. */
  abstract removeMember(roomId: string, userId: string): Promise<boolean>;
  /** Returns false, and changes nothing, if the user is not a member with the role `from`. */
  abstract changeRole(
    membership: Membership,
    from: AssignableRole,
    to: AssignableRole,
  ): Promise<boolean>;
  /**
   * Makes another member the owner, and the owner a moderator. Returns false, and changes nothing,
   * if `from` is not the owner or `to` is not another member. A room that has an owner has one at
   * any time, even after a crash.
   */
  abstract handOver(roomId: string, from: string, to: string): Promise<boolean>;
  /** Makes a member the owner. Returns false if the room has an owner or the user is no member. */
  abstract appointOwner(roomId: string, userId: string): Promise<boolean>;
  /** Returns those that exist, in any order. A call passes at most 1,000 memberships. */
  abstract findMembers(memberships: readonly Membership[]): Promise<MemberRecord[]>;
  async findMember(roomId: string, userId: string): Promise<MemberRecord | undefined> {
    const [member] = await this.findMembers([{ roomId, userId }]);
    return member;
  }
  /** Returns members by ascending user id; with `after`, only those after that id. */
  abstract listMembers(
    roomId: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<MemberRecord[]>;
  /** Returns every room that the user is a member of, ordered by room name. */
  abstract listRoomsOf(userId: string): Promise<RoomOfUser[]>;
  /** Returns `limit` memberships of these users, or all if there are fewer; in any order. */
  abstract listPositionsOf(userIds: readonly string[], limit: number): Promise<StoredPosition[]>;
  /**
   * Moves a read position forward; an absent one is before every other. Keeps a position that is
   * further. Returns undefined if the user is not a member.
   */
  abstract markRead(position: ReadPosition): Promise<MovedPosition | undefined>;
  /** Sets a read position, also backwards. Returns undefined if the user is not a member. */
  abstract markUnread(position: ReadPosition): Promise<MovedPosition | undefined>;
  /**
   * Moves many positions forward, like {@link RoomStore.markRead}; ignores users who are not
   * members. A crash may lose some of them.
   *
   * @param positions at most {@link MAX_POSITIONS_PER_CALL}
   */
  abstract markManyRead(positions: readonly ReadPosition[]): Promise<void>;
}
