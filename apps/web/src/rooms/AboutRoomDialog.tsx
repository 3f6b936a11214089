import type { RoomSummary } from '@chat/contracts';
import { Dialog } from '../ui/Dialog.tsx';
import styles from './AboutRoomDialog.module.css';
import { AddMembers } from './AddMembers.tsx';
import { DeleteRoom } from './DeleteRoom.tsx';
import { LeaveRoom } from './LeaveRoom.tsx';
import { MemberList } from './MemberList.tsx';
import { useMembers } from './members.ts';

interface AboutRoomDialogProps {
  room: RoomSummary;
  ownUserId: string;
  onClose: () => void;
}

/** Details and members of a room; the owner of a private room can add and remove members. */
export function AboutRoomDialog({ room, ownUserId, onClose }: AboutRoomDialogProps) {
  const { members, hasMore, errorMessage, loadMore } = useMembers(room.id);
  const isOwner = room.role === 'owner';
  const canManageMembers = room.visibility === 'private' && isOwner;
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
      {canManageMembers && <AddMembers roomId={room.id} members={members ?? []} />}
      <h3 className={styles.heading}>Members</h3>
      {errorMessage && (
        <p className={styles.problem} role="alert">
          {errorMessage}
        </p>
      )}
      <MemberList
        roomId={room.id}
        members={members}
        ownUserId={ownUserId}
        canRemove={canManageMembers}
        onLoadMore={hasMore ? loadMore : undefined}
      />
      {/* The owner of a private room cannot leave it. */}
      {!canManageMembers && <LeaveRoom room={room} ownUserId={ownUserId} />}
      {isOwner && <DeleteRoom roomId={room.id} />}
    </Dialog>
  );
}
