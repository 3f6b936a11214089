import { isNamedRoomId, type Role, type Room } from '@chat/contracts';
import { NotFoundError } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { MemberNotices } from './member-notices.ts';
import { MembershipLimit } from './membership-limit.ts';
import { RoomCreation } from './room-creation.ts';
import { RoomSettings } from './room-settings.ts';
import { RoomStore, type Membership } from './room-store.ts';
import { toRoom } from './room-views.ts';

/** A room, and the role of who asked; undefined for a public room that they are not in. */
export interface ReadableRoom {
  readonly room: Room;
  readonly role: Role | undefined;
}

/**
 * Who may read and write which room. A private room is to everybody but its
 * members a room that does not exist.
 */
@Injectable()
export class RoomAccess {
  constructor(
    private readonly store: RoomStore,
    private readonly creation: RoomCreation,
    private readonly notices: MemberNotices,
    private readonly limit: MembershipLimit,
    private readonly settings: RoomSettings,
  ) {}

  /** @throws NotFoundError for a room that does not exist or that the user may not know of */
  async requireReadable(userId: string, roomId: string): Promise<ReadableRoom> {
    const [room, member] = await Promise.all([
      this.store.findRoom(roomId),
      this.store.findMember(roomId, userId),
    ]);
    if (!room || (room.visibility === 'private' && !member)) throw noSuchRoom();
    return { room: toRoom(room), role: member?.role };
  }

  /**
   * Makes the user a lasting member of a public room, and makes that room first
   * where the settings allow it; a member of any room just gets the role.
   *
   * @throws NotFoundError as {@link requireReadable}
   * @throws RateLimitedError when the user makes too many rooms, or changes memberships too fast
   */
  async join(userId: string, roomId: string): Promise<{ room: Room; role: Role }> {
    if (this.settings.autoCreate && isNamedRoomId(roomId) && !(await this.store.findRoom(roomId))) {
      const deleted = await this.store.findDeleted([roomId]);
      if (deleted.has(roomId)) throw noSuchRoom();
      await this.creation.createByJoining(userId, roomId);
    }
    const { room, role } = await this.requireReadable(userId, roomId);
    if (role) return { room, role };
    await this.limit.admit(userId);
    const member = { roomId, userId, role: 'member', joinedAt: new Date().toISOString() } as const;
    if (await this.store.addMember(member)) {
      this.notices.changed(room, userId, 'member');
      return { room, role: 'member' };
    }
    // Somebody was quicker: to add the same user, or to delete the room.
    const stored = await this.store.findMember(roomId, userId);
    if (!stored) throw noSuchRoom();
    return { room, role: stored.role };
  }

  /** The roles in their order; undefined for anybody who is not a member, and for rooms that do not exist. */
  async rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]> {
    const members = await this.store.findMembers(memberships);
    const roles = new Map(members.map((member) => [keyOf(member), member.role]));
    return memberships.map((membership) => roles.get(keyOf(membership)));
  }
}

function keyOf({ roomId, userId }: Membership): string {
  return `${roomId} ${userId}`;
}

/** The same for a room that does not exist and for one that must not be known. */
export function noSuchRoom(): NotFoundError {
  return new NotFoundError('There is no such room.');
}
