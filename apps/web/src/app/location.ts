import { RoomId } from '@chat/contracts';
import { useSyncExternalStore } from 'react';

/** Path of the list of rooms; wide windows show the list at every path. */
export const HOME = '/';

/** Returns the path of a room's conversation. Not `/rooms/…`, which is the REST resource. */
export function roomPath(roomId: string): string {
  return `/chat/${roomId}`;
}

/** Returns the room id in the current path, if any. */
export function useRoomId(): string | undefined {
  const path = useSyncExternalStore(subscribe, () => location.pathname);
  const roomId = RoomId.safeParse(/^\/chat\/([^/]+)\/?$/.exec(path)?.[1]);
  return roomId.data;
}

/** Navigates to a path of this page; `replace` replaces the current history entry. */
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
