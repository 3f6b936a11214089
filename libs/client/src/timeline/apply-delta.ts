import {
  MAX_LISTED_REACTORS,
  type Message,
  type MessageDelta,
  type Reaction,
} from '@chat/contracts';

/** Returns the message after a change; its `rev` stays, since the change has none. */
export function applyDelta(
  message: Message,
  change: MessageDelta,
  ownUserId: string | undefined,
): Message {
  switch (change.kind) {
    case 'edited':
      return { ...message, text: change.text, editedAt: change.editedAt };
    case 'deleted': {
      const { editedAt: _e, reactions: _r, ...tombstone } = message;
      return { ...tombstone, text: '', deletedAt: change.deletedAt };
    }
    case 'reacted': {
      const { reactions = [], ...unreacted } = message;
      const changed = withReaction(reactions, change, change.userId === ownUserId);
      return changed.length > 0 ? { ...unreacted, reactions: changed } : unreacted;
    }
  }
}

function withReaction(
  reactions: readonly Reaction[],
  { emoji, userId, on }: MessageDelta & { kind: 'reacted' },
  isOwn: boolean,
): Reaction[] {
  if (on && !reactions.some((reaction) => reaction.emoji === emoji)) {
    return [...reactions, { emoji, count: 1, userIds: [userId], mine: isOwn }];
  }
  return reactions.flatMap((reaction) => {
    if (reaction.emoji !== emoji) return [reaction];
    const mine = isOwn ? on : reaction.mine;
    const count = reaction.count + (on ? 1 : -1);
    const userIds = on
      ? withReactor(reaction, userId)
      : reaction.userIds.filter((id) => id !== userId);
    return count > 0 ? [{ emoji, count, userIds, mine }] : [];
  });
}

/** Adds the latest user; not listed while there are earlier ones who are not listed either. */
function withReactor({ count, userIds }: Reaction, userId: string): string[] {
  if (userIds.length < count || count >= MAX_LISTED_REACTORS) return userIds;
  return [...userIds, userId];
}
