import { MAX_LISTED_REACTORS, Message, UserId, type Reaction } from '@chat/contracts';
import { z } from 'zod';

/** The users who reacted with one emoji, earliest first. */
export interface StoredReaction {
  readonly emoji: string;
  readonly userIds: readonly string[];
}

/** The latest state of a message, with all its reactions; `rev` is that of its latest change. */
export interface StoredMessage extends Omit<Message, 'reactions'> {
  readonly reactions?: readonly StoredReaction[];
}

/** Schema of a {@link StoredMessage} in calls between services. */
export const StoredMessage = Message.omit({ reactions: true }).extend({
  reactions: z.array(z.object({ emoji: z.string(), userIds: z.array(UserId) })).optional(),
});

/** Returns each message once, in its latest state, in rev order. */
export function latestStates(states: readonly StoredMessage[]): StoredMessage[] {
  const latest = new Map<string, StoredMessage>();
  for (const state of states) {
    const known = latest.get(state.id);
    if (!known || known.rev < state.rev) latest.set(state.id, state);
  }
  return [...latest.values()].sort((a, b) => a.rev - b.rev);
}

/**
 * Converts a stored message to the message of the API.
 *
 * @param viewerId the user who receives it; undefined for an event, which all members receive
 */
export function toMessage(stored: StoredMessage, viewerId?: string): Message {
  const { reactions, ...message } = stored;
  if (!reactions) return message;
  return { ...message, reactions: reactions.map((reaction) => toReaction(reaction, viewerId)) };
}

function toReaction({ emoji, userIds }: StoredReaction, viewerId: string | undefined): Reaction {
  return {
    emoji,
    count: userIds.length,
    userIds: userIds.slice(0, MAX_LISTED_REACTORS),
    ...(viewerId !== undefined && { mine: userIds.includes(viewerId) }),
  };
}
