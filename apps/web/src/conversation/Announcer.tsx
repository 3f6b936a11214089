import type { RoomConversation } from '@chat/client';
import { useEffect, useState } from 'react';

/** Maximum number of announcements in the page; screen readers have long read older ones. */
const MAX_ANNOUNCED = 20;

interface AnnouncerProps {
  conversation: RoomConversation;
  ownUserId: string;
}

/** Announces each new message from other users, but not history, to screen readers. */
export function Announcer({ conversation, ownUserId }: AnnouncerProps) {
  const [announced, setAnnounced] = useState<readonly { id: string; text: string }[]>([]);

  useEffect(() => {
    const stopMessages = conversation.on('message', ({ id, userId, username, text, deletedAt }) => {
      if (userId === ownUserId || deletedAt !== undefined) return;
      const next = { id, text: `${username}: ${text}` };
      setAnnounced((current) => [...current, next].slice(-MAX_ANNOUNCED));
    });
    const stopChanges = conversation.on('changed', ({ id, deletedAt }) => {
      if (deletedAt === undefined) return;
      setAnnounced((current) => current.filter((message) => message.id !== id));
    });
    return () => {
      stopMessages();
      stopChanges();
    };
  }, [conversation, ownUserId]);

  return (
    // Each message is an element: of an element that changes, only the last text is read.
    <div className="visually-hidden" role="log" aria-label="New messages">
      {announced.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
