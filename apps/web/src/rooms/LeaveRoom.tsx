import type { RoomSummary } from '@chat/contracts';
import { chat } from '../app/chat.ts';
import { HOME, navigate } from '../app/location.ts';
import { LastingAct } from './LastingAct.tsx';

interface LeaveRoomProps {
  room: RoomSummary;
  ownUserId: string;
}

/** Leaves a room for good, after asking. */
export function LeaveRoom({ room, ownUserId }: LeaveRoomProps) {
  async function leave() {
    await chat.rest.removeMember(room.id, ownUserId);
    navigate(HOME, { replace: true });
    await chat.rooms.refresh();
  }

  return (
    <LastingAct
      offer="Leave this room"
      consequence={
        room.visibility === 'private'
          ? 'You can come back only when its owner adds you again.'
          : 'You can join again at any time.'
      }
      refuse="Stay"
      confirm="Leave"
      act={leave}
    />
  );
}
