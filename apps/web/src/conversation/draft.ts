import { useState } from 'react';

/** Returns the unsent text of the composer, stored per user and room across reloads. */
export function useDraft(userId: string, roomId: string): [string, (text: string) => void] {
  const key = `chat.draft.${userId}.${roomId}`;
  const [text, setText] = useState(() => localStorage.getItem(key) ?? '');

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
