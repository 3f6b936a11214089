import type { RoomConversation } from '@chat/client';
import { MAX_REACTION_EMOJI } from '@chat/contracts';
import type { ShownMessage } from './shown-message.ts';

/** Sets the user's reaction with an emoji, or removes it; nothing if the message has too many. */
export function toggleReaction(
  conversation: RoomConversation,
  { id, reactions = [] }: Pick<ShownMessage, 'id' | 'reactions'>,
  emoji: string,
): void {
  const existing = reactions.find((reaction) => reaction.emoji === emoji);
  if (id === undefined || (!existing && reactions.length >= MAX_REACTION_EMOJI)) return;
  conversation.react(id, emoji, !existing?.mine);
}
