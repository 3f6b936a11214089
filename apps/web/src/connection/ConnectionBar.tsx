import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { useObservable } from '../app/observable.ts';
import { useSecondsUntil } from '../ui/countdown.ts';
import styles from './ConnectionBar.module.css';

/** Says when there is no connection, what that means and what happens next; silent while online. */
export function ConnectionBar() {
  const connection = useObservable(chat.connection);
  // An attempt to connect again does not make the loss undone.
  const [lost, setLost] = useState(false);
  if (connection.status === 'offline' && !lost) setLost(true);
  if (connection.status === 'online' && lost) setLost(false);

  return (
    <div role="status">
      {connection.status === 'connecting' && !lost && (
        <p className={styles.connecting}>Connecting…</p>
      )}
      {connection.status !== 'online' && lost && (
        <Offline
          nextAttemptAt={connection.status === 'offline' ? connection.nextAttemptAt : undefined}
        />
      )}
    </div>
  );
}

function Offline({ nextAttemptAt }: { nextAttemptAt: number | undefined }) {
  const { durable } = useObservable(chat.outbox);
  const seconds = useSecondsUntil(nextAttemptAt);
  return (
    <p className={styles.offline}>
      <span>
        Not connected. Your messages are kept{durable ? '' : ' while this page is open'} and will be
        sent.
      </span>
      {/* Read out once, not every second. */}
      <span aria-hidden="true">
        {seconds > 0 ? `Next try in ${seconds} s.` : 'Trying to connect…'}
      </span>
      <button type="button" className={styles.retry} onClick={() => chat.connection.retryNow()}>
        Try now
      </button>
    </p>
  );
}
