import { GENERAL_ROOM_ID, type RoomSummary } from '@chat/contracts';
import { Dialog } from '../ui/Dialog.tsx';
import styles from './AboutRoomDialog.module.css';
import { AddMembers } from './AddMembers.tsx';
import { DeleteRoom } from './DeleteRoom.tsx';
import { LeaveRoom } from './LeaveRoom.tsx';
import { canManageMembers } from './member-actions.ts';
import { MemberList } from './MemberList.tsx';
import { useMembers } from './members.ts';

interface AboutRoomDialogProps {
  room: RoomSummary;
  ownUserId: string;
  onClose: () => void;
}

/** Details and members of a room; owners and moderators manage the members. */
export function AboutRoomDialog({ room, ownUserId, onClose }: AboutRoomDialogProps) {
  const { members, hasMore, errorMessage, loadMore } = useMembers(room.id);
  const isOwner = room.role === 'owner';
  return (
    <Dialog title={room.name} onClose={onClose}>
      <p className={styles.about}>
        {room.visibility === 'private'
          ? 'Private room. Only members can see it.'
          : 'Public room. Anyone can read it and join.'}
      </p>
      {room.topic && (
        <p className={styles.topic} dir="auto">
          {room.topic}
        </p>
      )}
      {canManageMembers(room) && <AddMembers roomId={room.id} members={members ?? []} />}
      <h3 className={styles.heading}>Members</h3>
      {errorMessage && (
        <p className={styles.problem} role="alert">
          {errorMessage}
        </p>
      )}
      <MemberList
        room={room}
        members={members}
        ownUserId={ownUserId}
        onLoadMore={hasMore ? loadMore : undefined}
      />
      <div className={styles.section}>
        <LeaveRoom room={room} ownUserId={ownUserId} />
      </div>
      {isOwner && room.id !== GENERAL_ROOM_ID && (
        <div className={styles.section}>
          <DeleteRoom roomId={room.id} />
        </div>
      )}
    </Dialog>
  );
}
