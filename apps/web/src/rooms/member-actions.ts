import type { Member, RoomSummary } from '@chat/contracts';

/** An action on a member of a room. */
export type MemberAction = 'makeModerator' | 'makeMember' | 'handOver' | 'stepDown' | 'remove';

/** Whether the user's role in the room allows adding and removing members. */
export function canManageMembers({
  role,
  visibility,
}: Pick<RoomSummary, 'role' | 'visibility'>): boolean {
  // Anyone can join a public room, even after being removed.
  return visibility === 'private' && (role === 'owner' || role === 'moderator');
}

/** Returns the actions on `member` that the user's role in the room allows. */
export function memberActions(
  room: Pick<RoomSummary, 'role' | 'visibility'>,
  member: Pick<Member, 'userId' | 'role'>,
  ownUserId: string,
): MemberAction[] {
  const { role } = room;
  if (member.userId === ownUserId) return role === 'moderator' ? ['stepDown'] : [];
  if (member.role === 'owner') return [];
  const actions: MemberAction[] = [];
  if (role === 'owner') actions.push(member.role === 'member' ? 'makeModerator' : 'makeMember');
  if (canManageMembers(room)) actions.push('remove');
  if (role === 'owner') actions.push('handOver');
  return actions;
}
