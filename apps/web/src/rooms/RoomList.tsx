import { GENERAL_ROOM_ID, type OwnUser } from '@chat/contracts';
import { chat } from '../app/chat.ts';
import { Link } from '../app/Link.tsx';
import { roomPath } from '../app/location.ts';
import { useObservable } from '../app/observable.ts';
import { Notice } from '../ui/Notice.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import { RoomListItem } from './RoomListItem.tsx';
import styles from './RoomList.module.css';

interface RoomListProps {
  user: OwnUser;
  currentRoomId: string | undefined;
}

export function RoomList({ user, currentRoomId }: RoomListProps) {
  const { status, rooms, error } = useObservable(chat.rooms);
  if (rooms.length > 0) {
    return (
      <ul className={styles.list}>
        {rooms.map((room) => (
          <RoomListItem
            key={room.id}
            room={room}
            ownUserId={user.id}
            current={room.id === currentRoomId}
          />
        ))}
      </ul>
    );
  }
  if (error) return <p className={styles.note}>{toUserMessage(error)}</p>;
  if (status === 'loading') return <p className={styles.loading}>Loading your rooms…</p>;
  return (
    <Notice title="No rooms yet">
      <p>
        Say hello in <Link href={roomPath(GENERAL_ROOM_ID)}>#{GENERAL_ROOM_ID}</Link>, find a room
        by its name, or create your own.
      </p>
    </Notice>
  );
}
