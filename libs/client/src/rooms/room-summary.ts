import type { Message, RoomSummary, ServerPayload } from '@chat/contracts';
import { isKnownChange, updated } from '../timeline/message-update.ts';

/** Returns the room after a new message; an own one moves the read position, as on the server. */
export function withMessage(
  room: RoomSummary,
  message: Message,
  ownUserId: string | undefined,
): RoomSummary {
  const changed = withLastMessage(room, message);
  const { lastReadSeq } = changed;
  const isRead = message.userId === ownUserId && lastReadSeq !== undefined;
  return isRead ? withReadPosition(changed, Math.max(lastReadSeq, message.seq)) : changed;
}

/** Returns the room with a message that is newer than its last one. */
export function withLastMessage(room: RoomSummary, message: Message | undefined): RoomSummary {
  if (!message || message.rev <= room.rev) return room;
  const isLast = message.seq >= room.seq;
  return withUnread({
    ...room,
    rev: message.rev,
    seq: Math.max(room.seq, message.seq),
    ...(isLast && { lastMessage: message }),
  });
}

/** Changes the last message; an older one is not part of the summary. */
export function withChange(
  room: RoomSummary,
  event: ServerPayload<'messageChanged'>,
  ownUserId: string | undefined,
): RoomSummary {
  const { lastMessage } = room;
  if (lastMessage?.id !== event.messageId || !isKnownChange(event.change)) return room;
  const changed = updated(lastMessage, event, ownUserId);
  if (changed === lastMessage) return room;
  return { ...room, rev: Math.max(room.rev, event.rev), lastMessage: changed };
}

/**
 * Returns the room with a newer head. Without a last message, the head announces changes that are
 * still to come, so that only the number of messages is known.
 */
export function withHead(
  room: RoomSummary,
  { seq, rev, lastMessage }: ServerPayload<'roomHeads'>[number],
): RoomSummary {
  if (rev <= room.rev) return room;
  const counted = { ...room, seq: Math.max(room.seq, seq) };
  return withUnread(lastMessage ? { ...counted, rev, lastMessage } : counted);
}

/** Returns the room read up to `lastReadSeq`. */
export function withReadPosition(room: RoomSummary, lastReadSeq: number): RoomSummary {
  return lastReadSeq === room.lastReadSeq ? room : withUnread({ ...room, lastReadSeq });
}

/** Returns the rooms with the latest activity first. */
export function byActivity(rooms: readonly RoomSummary[]): RoomSummary[] {
  const latest = (room: RoomSummary): string => room.lastMessage?.timestamp ?? room.createdAt;
  return [...rooms].sort((a, b) => latest(b).localeCompare(latest(a)));
}

/** Counts the messages after the read position; servers of earlier versions have none. */
function withUnread(room: RoomSummary): RoomSummary {
  const { seq, lastReadSeq } = room;
  return lastReadSeq === undefined ? room : { ...room, unread: Math.max(0, seq - lastReadSeq) };
}
