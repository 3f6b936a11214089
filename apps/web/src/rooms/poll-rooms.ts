import { useEffect } from 'react';
import { chat } from '../app/chat.ts';

const INTERVAL_MS = 20_000;

/**
 * Polls the list of rooms while the page is visible: live messages arrive only for the open room,
 * so the state of the other rooms is fetched.
 */
export function usePolledRooms(): void {
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
