import type { Member, MemberListQuery, Role, Room } from '@chat/contracts';
import type { Identity } from '@chat/auth';
import { ConflictError, ForbiddenError, NotFoundError } from '@chat/platform/failures';
import { Injectable } from '@nestjs/common';
import { MembershipLimit } from './membership-limit.ts';
import { MembershipSignals } from './membership-signals.ts';
import { noSuchRoom, RoomAccess } from './room-access.ts';
import { RoomStore, type MemberRecord } from './room-store.ts';
import { UserDirectory } from './user-directory.ts';

/** Lists, adds and removes the members of rooms. */
@Injectable()
export class Members {
  constructor(
    private readonly store: RoomStore,
    private readonly access: RoomAccess,
    private readonly directory: UserDirectory,
    private readonly membershipSignals: MembershipSignals,
    private readonly limit: MembershipLimit,
  ) {}

  /** Returns a page of members, ordered by user id. @throws NotFoundError */
  async list({ userId }: Identity, roomId: string, query: MemberListQuery): Promise<Member[]> {
    await this.access.requireReadable(userId, roomId);
    const { after, limit } = query;
    const records = await this.store.listMembers(roomId, { limit, ...(after && { after }) });
    return this.#views(records);
  }

  /**
   * Adds a user. Owners and moderators may add others, and any user may join a
   * public room. An existing member keeps their role.
   *
   * @throws NotFoundError for the room or the user, ForbiddenError, RateLimitedError
   */
  async add({ userId }: Identity, roomId: string, addedId: string): Promise<Member> {
    const { room, role } = await this.access.requireReadable(userId, roomId);
    const joinsPublic = room.visibility === 'public' && addedId === userId;
    if (!joinsPublic) requireModerator(role, 'add members');
    if (!(await this.directory.publicUsers([addedId])).has(addedId)) throw noSuchUser();
    await this.limit.admit(userId);
    const joinedAt = new Date().toISOString();
    const added: MemberRecord = { roomId, userId: addedId, role: 'member', joinedAt };
    if (await this.store.addMember(added)) this.membershipSignals.publish(room, addedId, 'member');
    const member = await this.store.findMember(roomId, addedId);
    if (!member) throw noSuchRoom();
    const [view] = await this.#views([member]);
    if (!view) throw noSuchUser();
    return view;
  }

  /**
   * Removes a member. Any member may leave, and owners and moderators may remove
   * others, but not the owner. The owner of a private room cannot leave.
   *
   * @throws NotFoundError for the room or the member, ForbiddenError, ConflictError,
   * RateLimitedError
   */
  async remove({ userId }: Identity, roomId: string, removedId: string): Promise<void> {
    const { room, role } = await this.access.requireReadable(userId, roomId);
    if (removedId !== userId) requireModerator(role, 'remove members');
    const removed = await this.store.findMember(roomId, removedId);
    if (!removed) throw new NotFoundError('That user is not a member of the room.');
    if (removed.role === 'owner') requireRemovableOwner(room, removedId === userId);
    await this.limit.admit(userId);
    if (await this.store.removeMember(roomId, removedId)) {
      this.membershipSignals.publish(room, removedId, null);
    }
  }

  async #views(records: readonly MemberRecord[]): Promise<Member[]> {
    const users = await this.directory.publicUsers(records.map(({ userId }) => userId));
    return records.flatMap(({ userId, role, joinedAt }) => {
      const user = users.get(userId);
      return user
        ? [{ userId, username: user.username, displayName: user.displayName, role, joinedAt }]
        : [];
    });
  }
}

function requireModerator(role: Role | undefined, action: string): void {
  if (role !== 'owner' && role !== 'moderator') {
    throw new ForbiddenError(`Only owners and moderators can ${action}.`);
  }
}

/** The owner may leave a public room; a private room would be left without an owner. */
function requireRemovableOwner(room: Room, leaves: boolean): void {
  if (!leaves) throw new ForbiddenError('The owner cannot be removed from the room.');
  if (room.visibility === 'private') {
    throw new ConflictError('You are the only owner of this private room and cannot leave it.');
  }
}

function noSuchUser(): NotFoundError {
  return new NotFoundError('User not found.');
}
