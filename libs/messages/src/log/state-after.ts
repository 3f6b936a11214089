import { MAX_REACTION_EMOJI } from '@chat/contracts';
import type { MessageCommand } from '../commands/message-command.ts';
import type { MessageState } from './log-entry.ts';
import type { StoredMessage, StoredReaction } from './stored-message.ts';

/** Maximum number of reactions on one message, of all users and emoji. */
export const MAX_REACTIONS = 2_000;

/** Returns the state of a message after a command; undefined if the command has no effect. */
export function stateAfter(
  command: MessageCommand,
  message: StoredMessage,
): MessageState | undefined {
  if (message.deletedAt !== undefined) return undefined;
  const { actor, acceptedAt } = command;
  switch (command.kind) {
    case 'message.edit': {
      const { text } = command.payload;
      if (message.userId !== actor.userId || text === message.text) return undefined;
      return { ...stateOf(message), text, editedAt: acceptedAt };
    }
    case 'message.delete':
      return { text: '', deletedAt: acceptedAt };
    case 'reaction.set': {
      const reactions = reactionsAfter(message.reactions ?? [], actor.userId, command.payload);
      if (!reactions) return undefined;
      const { reactions: _, ...state } = stateOf(message);
      return reactions.length > 0 ? { ...state, reactions } : state;
    }
  }
}

/** Returns the message in a new state. */
export function withState(message: StoredMessage, state: MessageState, rev: number): StoredMessage {
  const { text: _t, editedAt: _e, deletedAt: _d, reactions: _r, ...fixed } = message;
  return { ...fixed, ...state, rev };
}

function stateOf({ text, editedAt, reactions }: StoredMessage): MessageState {
  return {
    text,
    ...(editedAt !== undefined && { editedAt }),
    ...(reactions !== undefined && { reactions }),
  };
}

/** Returns whether a user has reacted with an emoji. */
export function hasReacted(
  reactions: readonly StoredReaction[],
  userId: string,
  emoji: string,
): boolean {
  return reactions.some((known) => known.emoji === emoji && known.userIds.includes(userId));
}

/** Returns which limit of a message one more reaction would exceed; undefined if none. */
export function limitExceededBy(
  emoji: string,
  reactions: readonly StoredReaction[],
): 'reactions' | 'emoji' | undefined {
  const total = reactions.reduce((sum, { userIds }) => sum + userIds.length, 0);
  if (total >= MAX_REACTIONS) return 'reactions';
  const isKnown = reactions.some((known) => known.emoji === emoji);
  return !isKnown && reactions.length >= MAX_REACTION_EMOJI ? 'emoji' : undefined;
}

/** Returns the reactions after a user set or removed one; undefined if nothing changes. */
function reactionsAfter(
  reactions: readonly StoredReaction[],
  userId: string,
  { emoji, on }: { readonly emoji: string; readonly on: boolean },
): StoredReaction[] | undefined {
  if (hasReacted(reactions, userId, emoji) === on) return undefined;
  const existing = reactions.find((reaction) => reaction.emoji === emoji);
  if (!on) {
    return reactions.flatMap((reaction) => {
      if (reaction !== existing) return [reaction];
      const userIds = reaction.userIds.filter((id) => id !== userId);
      return userIds.length > 0 ? [{ emoji, userIds }] : [];
    });
  }
  if (limitExceededBy(emoji, reactions)) return undefined;
  if (!existing) return [...reactions, { emoji, userIds: [userId] }];
  return reactions.map((reaction) =>
    reaction === existing ? { emoji, userIds: [...reaction.userIds, userId] } : reaction,
  );
}
