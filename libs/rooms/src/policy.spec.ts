import { describe, expect, it } from '@jest/globals';
import { Role } from '@chat/contracts';
import { ForbiddenError } from '@chat/platform/failures';
import { can, requireAllowed, ROOM_ACTIONS, type RoomAction } from './policy.ts';

const ACTORS = [...Role.options, 'none'] as const;
const TARGETS = [...Role.options, 'none'] as const;
type Actor = (typeof ACTORS)[number];

/** Who may do each action, and to which members; an action without members has no targets. */
const EXPECTED: Record<RoomAction, { by: readonly Actor[]; to?: readonly Role[] }> = {
  changeRoom: { by: ['owner', 'moderator'] },
  deleteRoom: { by: ['owner'] },
  addMember: { by: ['owner', 'moderator'] },
  removeMember: { by: ['owner', 'moderator'], to: ['moderator', 'member'] },
  leave: { by: ['moderator', 'member'] },
  setRole: { by: ['owner'], to: ['moderator', 'member'] },
  stepDown: { by: ['moderator'] },
  handOver: { by: ['owner'], to: ['moderator', 'member'] },
  editOwnMessage: { by: ['owner', 'moderator', 'member'] },
  deleteOwnMessage: { by: ['owner', 'moderator', 'member'] },
  deleteMessageOfOthers: { by: ['owner', 'moderator'] },
  react: { by: ['owner', 'moderator', 'member'] },
};

const roleOf = (actor: Actor): Role | undefined => (actor === 'none' ? undefined : actor);
const CASES = Object.entries(EXPECTED).flatMap(([action, { by, to }]) =>
  ACTORS.flatMap((actor) =>
    TARGETS.map((target) => ({
      actor,
      action: action as RoomAction,
      target,
      allowed: by.includes(actor) && (!to || (target !== 'none' && to.includes(target))),
    })),
  ),
);

describe('The policy of rooms', () => {
  it('has an expectation for every role, action and target', () => {
    expect(Object.keys(EXPECTED).toSorted()).toEqual(ROOM_ACTIONS.toSorted());
    expect(CASES).toHaveLength(ROOM_ACTIONS.length * 4 * 4);
  });

  it.each(CASES)('decides $action by $actor to $target as $allowed', (expected) => {
    const { actor, action, target, allowed } = expected;
    expect(can(roleOf(actor), action, roleOf(target))).toBe(allowed);
    const attempt = () => requireAllowed(roleOf(actor), action, roleOf(target));
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(ForbiddenError);
  });

  it('refuses a user with a sufficient role with a reason about the target', () => {
    expect(() => requireAllowed('moderator', 'removeMember', 'owner')).toThrow(
      'The owner cannot be removed from the room.',
    );
    expect(() => requireAllowed('member', 'removeMember', 'owner')).toThrow(
      'Only owners and moderators can remove members.',
    );
  });
});
