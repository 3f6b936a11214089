import { isNamedRoomId, type Role, type Room } from '@chat/contracts';
import { NotFoundError } from '@chat/platform/failures';
import { Injectable } from '@nestjs/common';
import { GeneralOwner } from './general-owner.ts';
import { MembershipLimit } from './membership-limit.ts';
import { NewMembers } from './new-members.ts';
import { RoomCreation } from './room-creation.ts';
import { RoomSettings } from './room-settings.ts';
import { RoomStore, type Membership } from './room-store.ts';
import { toRoom } from './to-room.ts';

/** A room and the user's role in it; undefined for a public room that the user has not joined. */
export interface ReadableRoom {
  readonly room: Room;
  readonly role: Role | undefined;
}

/**
 * Checks which rooms a user may read and write. To users who are not members, a private
 * room does not exist.
 */
@Injectable()
export class RoomAccess {
  constructor(
    private readonly store: RoomStore,
    private readonly creation: RoomCreation,
    private readonly newMembers: NewMembers,
    private readonly limit: MembershipLimit,
    private readonly settings: RoomSettings,
    private readonly generalOwner: GeneralOwner,
  ) {}

  /**
   * Returns a room that the user may read.
   *
   * @throws NotFoundError for a room that does not exist or whose existence is hidden from the user
   */
  async requireReadable(userId: string, roomId: string): Promise<ReadableRoom> {
    const [room, member] = await Promise.all([
      this.store.findRoom(roomId),
      this.store.findMember(roomId, userId),
    ]);
    if (!room || (room.visibility === 'private' && !member)) throw noSuchRoom();
    return { room: toRoom(room), role: member?.role };
  }

  /**
   * Makes the user a permanent member of a public room, after creating that room if it does not
   * exist and the settings allow it. For a user who is already a member it only returns the role,
   * except that the first account becomes the owner of `general` if that has none.
   *
   * @throws NotFoundError as {@link requireReadable}
   * @throws RateLimitedError when the user creates rooms or changes memberships too quickly
   */
  async join(userId: string, roomId: string): Promise<{ room: Room; role: Role }> {
    if (this.settings.autoCreate && isNamedRoomId(roomId) && !(await this.store.findRoom(roomId))) {
      const deleted = await this.store.findDeleted([roomId]);
      if (deleted.has(roomId)) throw noSuchRoom();
      await this.creation.createByJoining(userId, roomId);
    }
    const { room, role } = await this.#joinExisting(userId, roomId);
    const appointed = await this.generalOwner.appointFirst(room, userId);
    return { room, role: appointed ? 'owner' : role };
  }

  async #joinExisting(userId: string, roomId: string): Promise<{ room: Room; role: Role }> {
    const { room, role } = await this.requireReadable(userId, roomId);
    if (role) return { room, role };
    await this.limit.admit(userId);
    if (await this.newMembers.add(room, userId)) return { room, role: 'member' };
    // A concurrent request has added the same user, or deleted the room.
    const stored = await this.store.findMember(roomId, userId);
    if (!stored) throw noSuchRoom();
    return { room, role: stored.role };
  }

  /** Returns the role of each membership, in order; undefined for non-members and missing rooms. */
  async rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]> {
    const members = await this.store.findMembers(memberships);
    const roles = new Map(members.map((member) => [keyOf(member), member.role]));
    return memberships.map((membership) => roles.get(keyOf(membership)));
  }
}

function keyOf({ roomId, userId }: Membership): string {
  return `${roomId} ${userId}`;
}

/** Returns the same error for a missing room and for one that is hidden from the user. */
export function noSuchRoom(): NotFoundError {
  return new NotFoundError('Room not found.');
}
