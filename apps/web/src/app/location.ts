import { RoomId } from '@chat/contracts';
import { useSyncExternalStore } from 'react';

/** Where the list of rooms is; wide windows show it at every address. */
export const HOME = '/';

/** Address of a room's conversation. Not `/rooms/…`: that is the room for programs. */
export function roomPath(roomId: string): string {
  return `/chat/${roomId}`;
}

/** The room that the address names, if it names one. */
export function useRoomId(): string | undefined {
  const path = useSyncExternalStore(subscribe, () => location.pathname);
  const roomId = RoomId.safeParse(/^\/chat\/([^/]+)\/?$/.exec(path)?.[1]);
  return roomId.data;
}

/** Goes to an address of this page; `replace` leaves no way back to the one before. */
export function navigate(path: string, { replace = false } = {}): void {
  if (path === location.pathname) return;
  if (replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}
