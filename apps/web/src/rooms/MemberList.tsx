import type { Member, RoomSummary } from '@chat/contracts';
import { chat } from '../app/chat.ts';
import { useObservable } from '../app/observable.ts';
import { Button } from '../ui/Button.tsx';
import styles from './MemberList.module.css';
import { MemberRow } from './MemberRow.tsx';

interface MemberListProps {
  room: RoomSummary;
  members: readonly Member[] | undefined;
  ownUserId: string;
  onLoadMore: (() => void) | undefined;
}

export function MemberList({ room, members, ownUserId, onLoadMore }: MemberListProps) {
  const { status } = useObservable(chat.connection);

  if (!members) {
    return (
      <p className={styles.note}>
        {status === 'offline'
          ? 'You’re offline. The members will appear when you reconnect.'
          : 'Loading…'}
      </p>
    );
  }
  return (
    <>
      <ul aria-label="Members">
        {members.map((member) => (
          <MemberRow key={member.userId} room={room} member={member} ownUserId={ownUserId} />
        ))}
      </ul>
      {onLoadMore && (
        <Button variant="quiet" onClick={onLoadMore}>
          Show more
        </Button>
      )}
    </>
  );
}
