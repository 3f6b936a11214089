import type { Role, Visibility } from '@chat/contracts';

export interface RoomRecord {
  readonly id: string;
  readonly name: string;
  readonly visibility: Visibility;
  readonly topic?: string;
  /** User id; absent for rooms that exist from the start. */
  readonly createdBy?: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** What of a room can change; what is left out stays. */
export interface RoomChanges {
  readonly name?: string;
  readonly topic?: string;
}

/** A user's place in a room, whether or not it is taken. */
export interface Membership {
  readonly roomId: string;
  readonly userId: string;
}

export interface MemberRecord extends Membership {
  readonly role: Role;
  /** ISO 8601, UTC. */
  readonly joinedAt: string;
}

/**
 * Rooms and who is in them. What resolves is durable.
 *
 * A deleted room is to every method one that does not exist, with two exceptions:
 * its id stays taken, and {@link RoomStore.findDeleted} knows it. Seqs must never
 * be given twice, so nothing may begin anew under an id that was in use.
 */
export abstract class RoomStore {
  /**
   * Stores the room and its first member together; false if the id is taken, also
   * by a deleted room (nothing is stored then).
   */
  abstract createRoom(room: RoomRecord, firstMember?: MemberRecord): Promise<boolean>;
  abstract findRoom(roomId: string): Promise<RoomRecord | undefined>;
  /** Undefined if there is no such room. */
  abstract updateRoom(roomId: string, changes: RoomChanges): Promise<RoomRecord | undefined>;
  /**
   * Deletes the room and who was in it, for good; its messages are none of a
   * RoomStore's business and stay. False if there is no such room.
   *
   * @param deletedAt ISO 8601, UTC
   */
  abstract deleteRoom(roomId: string, deletedAt: string): Promise<boolean>;
  /** Those of the ids whose rooms were deleted. */
  abstract findDeleted(roomIds: readonly string[]): Promise<Set<string>>;
  /** Public rooms whose name or topic contains `query` (all without one), ignoring case, by name. */
  abstract findPublicRooms(query: string | undefined, limit: number): Promise<RoomRecord[]>;
  /** False if the user was a member already (the stored role stays then), or the room was deleted. */
  abstract addMember(member: MemberRecord): Promise<boolean>;
  /** False if the user was no member. */
  abstract removeMember(roomId: string, userId: string): Promise<boolean>;
  /** Those who are members, in any order. At most 1,000 are asked for at once. */
  abstract findMembers(of: readonly Membership[]): Promise<MemberRecord[]>;
  async findMember(roomId: string, userId: string): Promise<MemberRecord | undefined> {
    const [member] = await this.findMembers([{ roomId, userId }]);
    return member;
  }
  /** Members by ascending user id, those after `after` if it is given. */
  abstract listMembers(
    roomId: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<MemberRecord[]>;
  /** Every room that the user is a member of, with the role, by room name. */
  abstract listRoomsOf(userId: string): Promise<{ room: RoomRecord; role: Role }[]>;
}
