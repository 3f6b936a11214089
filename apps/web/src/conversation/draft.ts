import { useState } from 'react';

/** The text that is being written to a room; it is kept over reloads, per user and room. */
export function useDraft(userId: string, roomId: string): [string, (text: string) => void] {
  const key = `chat.draft.${userId}.${roomId}`;
  const [text, setText] = useState(() => localStorage.getItem(key) ?? '');

  function write(next: string) {
    setText(next);
    try {
      if (next === '') localStorage.removeItem(key);
      else localStorage.setItem(key, next);
    } catch {
      // A full storage costs the draft its life over a reload, not the person their typing.
    }
  }

  return [text, write];
}
