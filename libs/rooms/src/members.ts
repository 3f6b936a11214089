import type { Member, MemberListQuery, Role, Room } from '@chat/contracts';
import type { Identity } from '@chat/auth';
import { ConflictError, NotFoundError } from '@chat/platform/failures';
import { Injectable } from '@nestjs/common';
import { GeneralOwner } from './general-owner.ts';
import { MembershipLimit } from './membership-limit.ts';
import { MembershipSignals } from './membership-signals.ts';
import { NewMembers } from './new-members.ts';
import { can, requireAllowed, type RoomAction } from './policy.ts';
import { noSuchRoom, RoomAccess } from './room-access.ts';
import { RoomStore, type MemberRecord } from './room-store.ts';
import { UserDirectory } from './user-directory.ts';

/** Lists, adds and removes the members of rooms, and changes their roles. */
@Injectable()
export class Members {
  constructor(
    private readonly store: RoomStore,
    private readonly access: RoomAccess,
    private readonly directory: UserDirectory,
    private readonly newMembers: NewMembers,
    private readonly membershipSignals: MembershipSignals,
    private readonly limit: MembershipLimit,
    private readonly generalOwner: GeneralOwner,
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
    if (!joinsPublic) requireAllowed(role, 'addMember');
    if (!(await this.directory.publicUsers([addedId])).has(addedId)) throw noSuchUser();
    await this.limit.admit(userId);
    await this.newMembers.add(room, addedId);
    await this.generalOwner.appointFirst(room, addedId);
    const member = await this.store.findMember(roomId, addedId);
    if (!member) throw noSuchRoom();
    const [view] = await this.#views([member]);
    if (!view) throw noSuchUser();
    return view;
  }

  /**
   * Removes a member. Owners and moderators may remove others, but not the owner. Every
   * member except the owner may leave.
   *
   * @throws NotFoundError for the room or the member, ForbiddenError, ConflictError,
   * RateLimitedError
   */
  async remove({ userId }: Identity, roomId: string, removedId: string): Promise<void> {
    const { room, role } = await this.access.requireReadable(userId, roomId);
    const removed = await this.store.findMember(roomId, removedId);
    if (removedId !== userId) requireAllowed(role, 'removeMember', removed?.role ?? 'member');
    if (!removed) throw noSuchMember();
    if (removedId === userId && !can(removed.role, 'leave')) throw mustHandOver(room);
    await this.limit.admit(userId);
    if (await this.store.removeMember(roomId, removedId)) {
      this.membershipSignals.publish(room, removedId, null);
    } else if ((await this.store.findMember(roomId, removedId))?.role === 'owner') {
      throw changedConcurrently();
    }
  }

  /**
   * Changes the role of a member: the owner may change the roles of others, and a moderator may
   * become a plain member. The owner hands the room over by making another member the owner.
   *
   * @throws NotFoundError for the room or the member, ForbiddenError, ConflictError,
   * RateLimitedError
   */
  async setRole(
    { userId }: Identity,
    roomId: string,
    memberId: string,
    newRole: Role,
  ): Promise<Member> {
    const { room, role } = await this.access.requireReadable(userId, roomId);
    const member = await this.store.findMember(roomId, memberId);
    const isSelf = memberId === userId;
    const isUnchanged = member?.role === newRole;
    if (!(isSelf && isUnchanged)) {
      if (isSelf && role === 'owner') throw mustHandOver(room);
      requireAllowed(role, actionOf(isSelf, newRole), member?.role ?? 'member');
    }
    if (!member) throw noSuchMember();
    // The role must not change if the directory does not respond.
    const [view] = await this.#views([{ ...member, role: newRole }]);
    if (!view) throw noSuchUser();
    if (!isUnchanged) {
      await this.limit.admit(userId);
      await this.#changeRole(room, userId, member, newRole);
    }
    return view;
  }

  /** @throws ConflictError when a concurrent request has changed the roles or removed the member */
  async #changeRole(room: Room, actorId: string, member: MemberRecord, to: Role): Promise<void> {
    const { userId, role: from } = member;
    if (to === 'owner') {
      if (!(await this.store.handOver(room.id, actorId, userId))) throw changedConcurrently();
      this.membershipSignals.publish(room, userId, 'owner');
      this.membershipSignals.publish(room, actorId, 'moderator');
      return;
    }
    const isChanged = from !== 'owner' && (await this.store.changeRole(member, from, to));
    if (!isChanged) throw changedConcurrently();
    this.membershipSignals.publish(room, userId, to);
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

/** Returns the error for what would leave the room without an owner. */
function mustHandOver(room: Room): ConflictError {
  return new ConflictError(
    room.visibility === 'private'
      ? 'Hand the room over to another member first, or delete it.'
      : 'Hand the room over to another member first.',
  );
}

function actionOf(isSelf: boolean, newRole: Role): RoomAction {
  if (newRole === 'owner') return 'handOver';
  return isSelf && newRole === 'member' ? 'stepDown' : 'setRole';
}

function changedConcurrently(): ConflictError {
  return new ConflictError('The members of the room have just changed. Please try again.');
}

function noSuchMember(): NotFoundError {
  return new NotFoundError('That user is not a member of the room.');
}

function noSuchUser(): NotFoundError {
  return new NotFoundError('User not found.');
}
