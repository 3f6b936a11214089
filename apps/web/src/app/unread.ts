import type { RoomSummary } from '@chat/contracts';

/** Highest count that is shown as a number. */
const MAX_SHOWN = 99;

/** Returns an unread count as it is shown, at most “99+”. */
export function formatUnread(unread: number): string {
  return unread > MAX_SHOWN ? `${MAX_SHOWN}+` : String(unread);
}

/** Returns the number of unread messages in all rooms. */
export function totalUnread(rooms: readonly RoomSummary[]): number {
  return rooms.reduce((total, { unread = 0 }) => total + unread, 0);
}
