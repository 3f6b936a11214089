import type { Role } from '@chat/contracts';
import { ForbiddenError } from '@chat/platform/failures';

interface Rule {
  readonly by: readonly Role[];
  /** Roles of the members to whom it may be done. */
  readonly to?: readonly Role[];
  readonly refusal: string;
  /** The refusal for a user with a sufficient role; `refusal` by default. */
  readonly targetRefusal?: string;
}

/** The roles that may do each action in a room; a user without membership may do none. */
const RULES = {
  changeRoom: {
    by: ['owner', 'moderator'],
    refusal: 'Only owners and moderators can change a room.',
  },
  deleteRoom: { by: ['owner'], refusal: 'Only the owner can delete a room.' },
  addMember: {
    by: ['owner', 'moderator'],
    refusal: 'Only owners and moderators can add members.',
  },
  removeMember: {
    by: ['owner', 'moderator'],
    to: ['moderator', 'member'],
    refusal: 'Only owners and moderators can remove members.',
    targetRefusal: 'The owner cannot be removed from the room.',
  },
  leave: { by: ['moderator', 'member'], refusal: 'The owner cannot leave the room.' },
  setRole: {
    by: ['owner'],
    to: ['moderator', 'member'],
    refusal: 'Only the owner can change roles.',
  },
  stepDown: { by: ['moderator'], refusal: 'Only a moderator can step down.' },
  handOver: {
    by: ['owner'],
    to: ['moderator', 'member'],
    refusal: 'Only the owner can hand the room over.',
  },
  editOwnMessage: {
    by: ['owner', 'moderator', 'member'],
    refusal: 'Only members can edit messages.',
  },
  deleteOwnMessage: {
    by: ['owner', 'moderator', 'member'],
    refusal: 'Only members can delete messages.',
  },
  deleteMessageOfOthers: {
    by: ['owner', 'moderator'],
    refusal: 'Only owners and moderators can delete messages of others.',
  },
  react: {
    by: ['owner', 'moderator', 'member'],
    refusal: 'Only members can react.',
  },
} as const satisfies Record<string, Rule>;

/** What a user may do in a room, depending on the role. */
export type RoomAction = keyof typeof RULES;

/** All actions, in the order of the table in docs/contract.md. */
export const ROOM_ACTIONS = Object.keys(RULES) as RoomAction[];

/**
 * Returns whether a user may do an action.
 *
 * @param actor role of the user; undefined without membership
 * @param target role of the member to whom it is done
 */
export function can(actor: Role | undefined, action: RoomAction, target?: Role): boolean {
  return isActor(RULES[action], actor) && isTarget(RULES[action], target);
}

/** Does nothing if {@link can} returns true. @throws ForbiddenError */
export function requireAllowed(actor: Role | undefined, action: RoomAction, target?: Role): void {
  const rule: Rule = RULES[action];
  if (!isActor(rule, actor)) throw new ForbiddenError(rule.refusal);
  if (!isTarget(rule, target)) throw new ForbiddenError(rule.targetRefusal ?? rule.refusal);
}

function isActor({ by }: Rule, actor: Role | undefined): boolean {
  return actor !== undefined && by.includes(actor);
}

function isTarget({ to }: Rule, target: Role | undefined): boolean {
  return to === undefined || (target !== undefined && to.includes(target));
}
