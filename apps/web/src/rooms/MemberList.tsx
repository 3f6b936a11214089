import type { Member } from '@chat/contracts';
import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { Button } from '../ui/Button.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import styles from './MemberList.module.css';
import { UserRow } from './UserRow.tsx';

interface MemberListProps {
  roomId: string;
  members: readonly Member[] | undefined;
  ownUserId: string;
  canRemove: boolean;
  onLoadMore: (() => void) | undefined;
}

export function MemberList({ roomId, members, ownUserId, canRemove, onLoadMore }: MemberListProps) {
  const [removing, setRemoving] = useState<string>();
  const [errorMessage, setErrorMessage] = useState<string>();

  async function remove(userId: string) {
    setRemoving(userId);
    setErrorMessage(undefined);
    try {
      await chat.rest.removeMember(roomId, userId);
    } catch (error) {
      setErrorMessage(toUserMessage(error));
    }
    setRemoving(undefined);
  }

  if (!members) return <p className={styles.note}>Loading…</p>;
  return (
    <>
      {errorMessage && (
        <p className={styles.problem} role="alert">
          {errorMessage}
        </p>
      )}
      <ul aria-label="Members">
        {members.map((member) => (
          <UserRow
            key={member.userId}
            username={member.username}
            displayName={member.displayName}
            note={member.userId === ownUserId ? 'you' : undefined}
            badge={member.role === 'member' ? undefined : member.role}
          >
            {canRemove && member.userId !== ownUserId && (
              <Button
                variant="danger"
                busy={removing === member.userId}
                aria-label={`Remove ${member.username}`}
                onClick={() => void remove(member.userId)}
              >
                Remove
              </Button>
            )}
          </UserRow>
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
