import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { useObservable } from '../app/observable.ts';
import { useSecondsUntil } from '../ui/countdown.ts';
import styles from './ConnectionBar.module.css';

/** Reports a lost connection, its effect and the next attempt; empty while online. */
export function ConnectionBar() {
  const connection = useObservable(chat.connection);
  // Stays true during attempts to reconnect.
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
        You’re offline. {durable ? 'Messages' : 'Keep this page open: messages'} will be sent when
        you reconnect.
      </span>
      {/* Hidden from screen readers, which would read it out every second. */}
      <span aria-hidden="true">
        {seconds > 0 ? `Reconnecting in ${seconds} s.` : 'Reconnecting…'}
      </span>
      <button type="button" className={styles.retry} onClick={() => chat.connection.retryNow()}>
        Reconnect now
      </button>
    </p>
  );
}
