import type { RoomConversation } from '@chat/client';
import { useEffect, useState } from 'react';

/**
 * Sets the document title: the room's name, and the number of messages from other users that
 * arrived while the page was hidden.
 */
export function useTitle(name: string, conversation: RoomConversation, ownUserId: string): void {
  const [unseen, setUnseen] = useState(0);

  useEffect(() => {
    const stop = conversation.on('message', ({ userId }) => {
      if (document.hidden && userId !== ownUserId) setUnseen((count) => count + 1);
    });
    const resetWhenVisible = () => {
      if (!document.hidden) setUnseen(0);
    };
    document.addEventListener('visibilitychange', resetWhenVisible);
    return () => {
      stop();
      document.removeEventListener('visibilitychange', resetWhenVisible);
    };
  }, [conversation, ownUserId]);

  useEffect(() => {
    document.title = `${unseen > 0 ? `(${unseen}) ` : ''}${name} – Chat`;
    return () => {
      document.title = 'Chat';
    };
  }, [name, unseen]);
}
