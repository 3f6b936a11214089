import type { Member } from '@chat/contracts';
import { useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { ConfirmAction } from '../ui/ConfirmAction.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import { isolate } from '../ui/isolate.ts';
import styles from './MemberActions.module.css';
import type { MemberAction } from './member-actions.ts';

interface MemberActionsProps {
  id: string;
  member: Member;
  actions: readonly MemberAction[];
  onAction: (action: MemberAction) => Promise<void>;
}

/** Buttons for the actions on a member; those that the user cannot undo need a confirmation. */
export function MemberActions({ id, member, actions, onAction }: MemberActionsProps) {
  const [running, setRunning] = useState<MemberAction>();
  const [errorMessage, setErrorMessage] = useState<string>();

  async function run(action: MemberAction) {
    setRunning(action);
    setErrorMessage(undefined);
    try {
      await onAction(action);
    } catch (error) {
      setErrorMessage(toUserMessage(error));
    }
    setRunning(undefined);
  }

  function button(action: MemberAction) {
    const { username } = member;
    switch (action) {
      case 'makeModerator':
      case 'makeMember':
        return (
          <Button
            key="role"
            variant="quiet"
            busy={running === action}
            onClick={() => void run(action)}
          >
            {action === 'makeModerator' ? 'Make moderator' : 'Make member'}
          </Button>
        );
      case 'handOver':
        return (
          <ConfirmAction
            key={action}
            label="Hand over the room"
            description={`${isolate(username)} becomes the owner, and you become a moderator. Only ${isolate(username)} can undo this.`}
            confirmLabel="Hand over"
            onConfirm={() => onAction(action)}
          />
        );
      case 'stepDown':
        return (
          <ConfirmAction
            key={action}
            label="Step down"
            description="You become a member. Only the owner can make you a moderator again."
            confirmLabel="Step down"
            onConfirm={() => onAction(action)}
          />
        );
      case 'remove':
        return (
          <Button
            key={action}
            variant="danger"
            busy={running === action}
            aria-label={`Remove ${username}`}
            onClick={() => void run(action)}
          >
            Remove
          </Button>
        );
    }
  }

  return (
    <div
      id={id}
      className={styles.panel}
      role="group"
      aria-label={`Actions for ${member.username}`}
    >
      {errorMessage && (
        <p className={styles.problem} role="alert">
          {errorMessage}
        </p>
      )}
      {actions.map(button)}
    </div>
  );
}
