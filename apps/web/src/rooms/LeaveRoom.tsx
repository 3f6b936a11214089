import type { RoomSummary } from '@chat/contracts';
import { chat } from '../app/chat.ts';
import { HOME, navigate } from '../app/location.ts';
import { ConfirmAction } from '../ui/ConfirmAction.tsx';
import styles from './LeaveRoom.module.css';

interface LeaveRoomProps {
  room: RoomSummary;
  ownUserId: string;
}

/** Leaves a room, after a confirmation; the owner has to hand it over first. */
export function LeaveRoom({ room, ownUserId }: LeaveRoomProps) {
  if (room.role === 'owner') {
    return <p className={styles.note}>Hand the room over before you leave.</p>;
  }

  async function leave() {
    await chat.rest.removeMember(room.id, ownUserId);
    navigate(HOME, { replace: true });
    await chat.rooms.refresh();
  }

  return (
    <ConfirmAction
      label="Leave room"
      description={
        room.visibility === 'private'
          ? 'You can only come back if the owner or a moderator adds you again.'
          : 'You can join again at any time.'
      }
      confirmLabel="Leave"
      onConfirm={leave}
    />
  );
}
