import type { OutboxEvents } from '@chat/client';
import { useEffect, useState } from 'react';
import { chat } from '../app/chat.ts';
import { ProblemBar } from './ProblemBar.tsx';
import styles from './RejectedChanges.module.css';
import { rejectionText } from './rejection-text.ts';

type Rejection = OutboxEvents['rejected'];

/** The latest ones are shown: a room that the user has left may reject many. */
const MAX_SHOWN = 3;

/** Reports the edits, deletions and reactions that the server rejected, in any room. */
export function RejectedChanges() {
  const [rejections, setRejections] = useState<readonly Rejection[]>([]);

  useEffect(
    () =>
      chat.outbox.on('rejected', (rejection) =>
        setRejections((earlier) => [...earlier, rejection].slice(-MAX_SHOWN)),
      ),
    [],
  );

  return rejections.map((rejection) => {
    const { change, error } = rejection;
    return (
      <ProblemBar
        key={change.clientMessageId}
        onDismiss={() => setRejections((all) => all.filter((one) => one !== rejection))}
      >
        <p>{rejectionText(change.kind, error)}</p>
        {change.kind === 'editMessage' && (
          <p className={styles.text} dir="auto">
            {change.payload.text}
          </p>
        )}
      </ProblemBar>
    );
  });
}
