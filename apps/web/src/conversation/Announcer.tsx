import type { RoomConversation } from '@chat/client';
import { useEffect, useState } from 'react';

interface AnnouncerProps {
  conversation: RoomConversation;
  ownUserId: string;
}

/** Announces new messages from other users, but not history, to screen readers. */
export function Announcer({ conversation, ownUserId }: AnnouncerProps) {
  const [latest, setLatest] = useState('');

  useEffect(
    () =>
      conversation.on('message', ({ userId, username, text, deletedAt }) => {
        if (userId !== ownUserId && deletedAt === undefined) setLatest(`${username}: ${text}`);
      }),
    [conversation, ownUserId],
  );

  return (
    <p className="visually-hidden" aria-live="polite">
      {latest}
    </p>
  );
}
