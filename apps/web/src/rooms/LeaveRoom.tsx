import type { RoomSummary } from '@chat/contracts';
import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { HOME, navigate } from '../app/location.ts';
import { Button } from '../ui/Button.tsx';
import { explain } from '../ui/problem.ts';
import styles from './LeaveRoom.module.css';

interface LeaveRoomProps {
  room: RoomSummary;
  ownUserId: string;
}

/** Leaves a room for good, after asking. */
export function LeaveRoom({ room, ownUserId }: LeaveRoomProps) {
  const [step, setStep] = useState<'offered' | 'asking' | 'leaving'>('offered');
  const [problem, setProblem] = useState<string>();

  async function leave() {
    setStep('leaving');
    setProblem(undefined);
    try {
      await chat.rest.removeMember(room.id, ownUserId);
      navigate(HOME, { replace: true });
      await chat.rooms.refresh();
    } catch (error) {
      setStep('asking');
      setProblem(explain(error));
    }
  }

  if (step === 'offered') {
    return (
      <div className={styles.leave}>
        <Button look="danger" onClick={() => setStep('asking')}>
          Leave this room
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.leave}>
      <p>
        {room.visibility === 'private'
          ? 'You can come back only when its owner adds you again.'
          : 'You can join again at any time.'}
      </p>
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.choice}>
        <Button look="quiet" autoFocus onClick={() => setStep('offered')}>
          Stay
        </Button>
        <Button look="danger" busy={step === 'leaving'} onClick={() => void leave()}>
          Leave
        </Button>
      </div>
    </div>
  );
}
