import { chat } from '../app/chat.ts';
import { HOME, navigate } from '../app/location.ts';
import { LastingAct } from './LastingAct.tsx';

/** Deletes a room for everybody, after asking. */
export function DeleteRoom({ roomId }: { roomId: string }) {
  async function deleteRoom() {
    await chat.rest.deleteRoom(roomId);
    navigate(HOME, { replace: true });
    await chat.rooms.refresh();
  }

  return (
    <LastingAct
      offer="Delete this room"
      consequence="Nobody can read it or come back to it, and its name cannot be used again."
      refuse="Keep"
      confirm="Delete"
      act={deleteRoom}
    />
  );
}
