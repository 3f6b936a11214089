import type { RoomState } from '@chat/client';
import { useEffect } from 'react';
import { chat } from '../app/chat.ts';
import { usePageActive } from '../app/page-active.ts';
import { useUnreadDivider } from './unread-divider.ts';

export interface Unread {
  /** Number of messages after the read position. */
  count: number;
  /** Seq of the last message above the divider, if there is one. */
  dividerSeq: number | undefined;
}

/**
 * Follows what the user has not read in a room, and marks it as read while the user sees the newest
 * message. Marking messages as unread on another device has no effect until the next message or
 * visit.
 *
 * @param lastReadSeq read position of the user; undefined until it is known
 * @param wasEmpty whether the room had no messages when it was opened
 */
export function useUnread(
  { roomId, messages, live }: Pick<RoomState, 'roomId' | 'messages' | 'live'>,
  {
    lastReadSeq,
    isNewestInView,
    wasEmpty,
    ownUserId,
  }: {
    lastReadSeq: number | undefined;
    isNewestInView: boolean;
    wasEmpty: boolean;
    ownUserId: string;
  },
): Unread {
  const newestSeq = messages.at(-1)?.seq ?? 0;
  const reading = usePageActive() && live && isNewestInView;
  const known = lastReadSeq !== undefined;
  const newestOfOthersSeq = messages.findLast(({ userId }) => userId !== ownUserId)?.seq ?? 0;
  const dividerSeq = useUnreadDivider(
    { lastReadSeq, newestSeq, newestOfOthersSeq, reading },
    wasEmpty,
  );

  useEffect(() => {
    if (!reading || !known) return;
    const room = chat.rooms.getSnapshot().rooms.find(({ id }) => id === roomId);
    if (newestSeq > (room?.lastReadSeq ?? 0)) chat.readPositions.markRead(roomId, newestSeq);
  }, [roomId, newestSeq, reading, known]);

  return { count: known ? Math.max(0, newestSeq - lastReadSeq) : 0, dividerSeq };
}
