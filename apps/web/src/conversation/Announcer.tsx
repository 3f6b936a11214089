import type { RoomConversation } from '@chat/client';
import { useEffect, useState } from 'react';

interface AnnouncerProps {
  conversation: RoomConversation;
  ownUserId: string;
}

/** Announces new messages from other users, but not history, to screen readers. */
export function Announcer({ conversation, ownUserId }: AnnouncerProps) {
  const [latest, setLatest] = useState({ id: '', text: '' });

  useEffect(() => {
    const stopMessages = conversation.on('message', ({ id, userId, username, text, deletedAt }) => {
      if (userId === ownUserId || deletedAt !== undefined) return;
      setLatest({ id, text: `${username}: ${text}` });
    });
    const stopChanges = conversation.on('changed', ({ id, deletedAt }) => {
      if (deletedAt === undefined) return;
      setLatest((current) => (current.id === id ? { id, text: '' } : current));
    });
    return () => {
      stopMessages();
      stopChanges();
    };
  }, [conversation, ownUserId]);

  return (
    <p className="visually-hidden" aria-live="polite">
      {latest.text}
    </p>
  );
}
