import { useEffect } from 'react';
import { chat } from '../app/chat.ts';

const INTERVAL_MS = 20_000;

/**
 * Keeps the list of rooms fresh while somebody looks: messages arrive live only in the room that is
 * open, so what happens in the others is asked for.
 */
export function useFreshRooms(): void {
  useEffect(() => {
    const refresh = () => {
      const online = chat.connection.getSnapshot().status === 'online';
      if (online && !document.hidden) void chat.rooms.refresh();
    };
    const timer = setInterval(refresh, INTERVAL_MS);
    document.addEventListener('visibilitychange', refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refresh);
    };
  }, []);
}
