import { chat } from '../app/chat.ts';
import { HOME, navigate } from '../app/location.ts';
import { ConfirmAction } from '../ui/ConfirmAction.tsx';

/** Deletes a room for all members, after a confirmation. */
export function DeleteRoom({ roomId }: { roomId: string }) {
  async function deleteRoom() {
    await chat.rest.deleteRoom(roomId);
    navigate(HOME, { replace: true });
    await chat.rooms.refresh();
  }

  return (
    <ConfirmAction
      label="Delete room"
      description="No one can open this room again, and its name can’t be reused."
      confirmLabel="Delete"
      onConfirm={deleteRoom}
    />
  );
}
