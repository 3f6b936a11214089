import type { Message, Reaction, ServerPayload } from '@chat/contracts';
import { isKnownChange, stateUpdate, type MessageUpdate } from '../timeline/message-update.ts';

/** A live change of a room: covers every rev after `since` up to `rev`. */
export interface LiveChange {
  readonly rev: number;
  readonly since: number;
  /** The change at `rev`; absent when no message changed. */
  readonly update?: MessageUpdate;
}

/** Returns the change of an event; undefined when the message has to be read again. */
export function fromReceivedMessage(
  { since, ...message }: ServerPayload<'receiveMessage'>,
  ownUserId: string | undefined,
): LiveChange | undefined {
  const { rev } = message;
  const own = withOwnReactions(message, ownUserId);
  return own && { rev, since: since ?? rev - 1, update: stateUpdate(own) };
}

/** Returns the change of an event; undefined when the message has to be read again. */
export function fromMessageChanged(
  { messageId, rev, since = rev - 1, change }: ServerPayload<'messageChanged'>,
  ownUserId: string | undefined,
): LiveChange | undefined {
  if (!isKnownChange(change)) return undefined;
  if (change.kind !== 'state') return { rev, since, update: { messageId, rev, change } };
  const own = withOwnReactions(change.message, ownUserId);
  return own && { rev, since, update: stateUpdate(own) };
}

/** Returns the change of a head in an event; undefined when the missed changes have to be read. */
export function fromRoomHead({
  rev,
  since,
}: ServerPayload<'roomHeads'>[number]): LiveChange | undefined {
  return since === undefined ? undefined : { rev, since };
}

/**
 * Adds `mine` to the reactions of a message from an event, which all members receive. Undefined
 * when the user may be among those who are not listed.
 */
function withOwnReactions(message: Message, ownUserId: string | undefined): Message | undefined {
  if (!message.reactions) return message;
  const reactions: Reaction[] = [];
  for (const reaction of message.reactions) {
    const { count, userIds } = reaction;
    const isListed = userIds.some((userId) => userId === ownUserId);
    if (!isListed && count > userIds.length) return undefined;
    reactions.push({ ...reaction, mine: isListed });
  }
  return { ...message, reactions };
}
