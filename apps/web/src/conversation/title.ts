import type { RoomConversation } from '@chat/client';
import { useEffect, useState } from 'react';

/** The window's title: the room, and how many messages of others came while nobody looked. */
export function useTitle(name: string, conversation: RoomConversation, ownUserId: string): void {
  const [unseen, setUnseen] = useState(0);

  useEffect(() => {
    const stop = conversation.on('message', ({ userId }) => {
      if (document.hidden && userId !== ownUserId) setUnseen((count) => count + 1);
    });
    const look = () => {
      if (!document.hidden) setUnseen(0);
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      stop();
      document.removeEventListener('visibilitychange', look);
    };
  }, [conversation, ownUserId]);

  useEffect(() => {
    document.title = `${unseen > 0 ? `(${unseen}) ` : ''}${name} – Chat`;
    return () => {
      document.title = 'Chat';
    };
  }, [name, unseen]);
}
