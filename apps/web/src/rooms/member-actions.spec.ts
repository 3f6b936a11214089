import type { Role, Visibility } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { canManageMembers, memberActions } from './member-actions.ts';

const actionsOn = (role: Role, own: Role | undefined, visibility: Visibility = 'private') =>
  memberActions({ visibility, ...(own && { role: own }) }, { userId: 'bob', role }, 'ada');

const ownActions = (role: Role) =>
  memberActions({ visibility: 'private', role }, { userId: 'ada', role }, 'ada');

describe('memberActions', () => {
  it('lets the owner promote, hand over to and remove a member', () => {
    expect(actionsOn('member', 'owner')).toEqual(['makeModerator', 'remove', 'handOver']);
  });

  it('lets the owner demote, hand over to and remove a moderator', () => {
    expect(actionsOn('moderator', 'owner')).toEqual(['makeMember', 'remove', 'handOver']);
  });

  it('lets a moderator only remove members and moderators', () => {
    expect(actionsOn('member', 'moderator')).toEqual(['remove']);
    expect(actionsOn('moderator', 'moderator')).toEqual(['remove']);
  });

  it('allows nothing on the owner, even while the own role is outdated', () => {
    expect(actionsOn('owner', 'moderator')).toEqual([]);
    expect(actionsOn('owner', 'owner')).toEqual([]);
  });

  it('does not offer to remove members of a public room', () => {
    expect(actionsOn('member', 'owner', 'public')).toEqual(['makeModerator', 'handOver']);
    expect(actionsOn('member', 'moderator', 'public')).toEqual([]);
  });

  it.each(['member', undefined] as const)('allows a user with the role %s nothing', (own) => {
    expect(actionsOn('member', own)).toEqual([]);
    expect(actionsOn('moderator', own)).toEqual([]);
  });

  it('lets only a moderator step down', () => {
    expect(ownActions('moderator')).toEqual(['stepDown']);
    expect(ownActions('owner')).toEqual([]);
    expect(ownActions('member')).toEqual([]);
  });
});

describe('canManageMembers', () => {
  it.each<[Visibility, Role[]]>([
    ['private', ['owner', 'moderator']],
    ['public', []],
  ])('is true in a %s room for the roles %j', (visibility, expected) => {
    const roles = [undefined, 'owner', 'moderator', 'member'] as const;
    const allowed = roles.filter((role) => canManageMembers({ visibility, ...(role && { role }) }));
    expect(allowed).toEqual(expected);
  });
});
