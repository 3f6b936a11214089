import type { RoomSummary } from '@chat/contracts';
import { Dialog } from '../ui/Dialog.tsx';
import styles from './AboutRoomDialog.module.css';
import { AddPeople } from './AddPeople.tsx';
import { DeleteRoom } from './DeleteRoom.tsx';
import { LeaveRoom } from './LeaveRoom.tsx';
import { MemberList } from './MemberList.tsx';
import { useMembers } from './members.ts';

interface AboutRoomDialogProps {
  room: RoomSummary;
  ownUserId: string;
  onClose: () => void;
}

/** What a room is and who is in it; its owner says who that is. */
export function AboutRoomDialog({ room, ownUserId, onClose }: AboutRoomDialogProps) {
  const { members, hasMore, problem, loadMore } = useMembers(room.id);
  const owns = room.role === 'owner';
  const decides = room.visibility === 'private' && owns;
  return (
    <Dialog title={room.name} onClose={onClose}>
      <p className={styles.about}>
        {room.visibility === 'private'
          ? 'Private room. Only its members know that it exists.'
          : 'Public room. Everybody may read it and join.'}
      </p>
      {room.topic && (
        <p className={styles.topic} dir="auto">
          {room.topic}
        </p>
      )}
      {decides && <AddPeople roomId={room.id} members={members ?? []} />}
      <h3 className={styles.heading}>Members</h3>
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <MemberList
        roomId={room.id}
        members={members}
        ownUserId={ownUserId}
        canRemove={decides}
        onLoadMore={hasMore ? loadMore : undefined}
      />
      {/* The owner of a private room stays in it for as long as it exists. */}
      {!decides && <LeaveRoom room={room} ownUserId={ownUserId} />}
      {owns && <DeleteRoom roomId={room.id} />}
    </Dialog>
  );
}
