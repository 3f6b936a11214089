import type { Message, RoomSummary } from '@chat/contracts';
import { memo } from 'react';
import { Link } from '../app/Link.tsx';
import { roomPath } from '../app/location.ts';
import { formatUnread } from '../app/unread.ts';
import { formatShort } from '../ui/time.ts';
import { RoomIcon } from './RoomIcon.tsx';
import styles from './RoomListItem.module.css';

interface RoomListItemProps {
  room: RoomSummary;
  ownUserId: string;
  current: boolean;
}

export const RoomListItem = memo(function RoomListItem({
  room,
  ownUserId,
  current,
}: RoomListItemProps) {
  const { lastMessage: last, unread = 0 } = room;
  return (
    <li>
      <Link
        href={roomPath(room.id)}
        className={styles.room}
        aria-current={current ? 'page' : undefined}
        data-unread={unread > 0 || undefined}
      >
        <span className={styles.mark}>
          <RoomIcon visibility={room.visibility} />
        </span>
        <span className={styles.name} dir="auto">
          {room.name}
        </span>
        {last && (
          <time className={styles.time} dateTime={last.timestamp}>
            {formatShort(last.timestamp)}
          </time>
        )}
        <span className={styles.preview} dir="auto">
          {last ? <Preview message={last} ownUserId={ownUserId} /> : 'No messages yet'}
        </span>
        {unread > 0 && (
          <span className={styles.unread}>
            {formatUnread(unread)}
            <span className="visually-hidden"> unread</span>
          </span>
        )}
      </Link>
    </li>
  );
});

function Preview({ message, ownUserId }: { message: Message; ownUserId: string }) {
  const { userId, username, text, deletedAt } = message;
  if (deletedAt !== undefined) return 'This message was deleted.';
  return (
    <>
      {userId === ownUserId ? 'You' : <bdi>{username}</bdi>}: {text}
    </>
  );
}
