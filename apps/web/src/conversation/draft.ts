import { useEffect, useState } from 'react';

/**
 * Returns the unsent text of the composer, stored per user and room across reloads. All tabs have
 * the same text: what one has sent, no other offers to send again.
 */
export function useDraft(userId: string, roomId: string): [string, (text: string) => void] {
  const key = `chat.draft.${userId}.${roomId}`;
  const [text, setText] = useState(() => localStorage.getItem(key) ?? '');

  useEffect(() => {
    // Browsers fire this event only in the other tabs.
    const follow = (event: StorageEvent): void => {
      if (event.key === key) setText(event.newValue ?? '');
    };
    addEventListener('storage', follow);
    return () => removeEventListener('storage', follow);
  }, [key]);

  function write(next: string) {
    setText(next);
    try {
      if (next === '') localStorage.removeItem(key);
      else localStorage.setItem(key, next);
    } catch {
      // The storage is full: the draft is lost on a reload, but typing still works.
    }
  }

  return [text, write];
}
