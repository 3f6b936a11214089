import type { Member, RoomSummary } from '@chat/contracts';

/** An action on a member of a room. */
export type MemberAction = 'makeModerator' | 'makeMember' | 'handOver' | 'stepDown' | 'remove';

/** Returns the actions on `member` that the user's role in the room allows. */
export function memberActions(
  { role, visibility }: Pick<RoomSummary, 'role' | 'visibility'>,
  member: Pick<Member, 'userId' | 'role'>,
  ownUserId: string,
): MemberAction[] {
  if (member.userId === ownUserId) return role === 'moderator' ? ['stepDown'] : [];
  if (member.role === 'owner' || (role !== 'owner' && role !== 'moderator')) return [];
  const actions: MemberAction[] = [];
  if (role === 'owner') actions.push(member.role === 'member' ? 'makeModerator' : 'makeMember');
  // A user who is removed from a public room can join again at any time.
  if (visibility === 'private') actions.push('remove');
  if (role === 'owner') actions.push('handOver');
  return actions;
}
