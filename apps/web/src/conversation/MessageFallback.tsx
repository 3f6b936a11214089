import { formatTime, isValidTimestamp } from '../ui/time.ts';
import styles from './MessageRow.module.css';
import type { ShownMessage } from './shown-message.ts';

/** Replaces a message that failed to render; makes no assumption about its fields. */
export function MessageFallback({ message }: { message: ShownMessage }) {
  const { username, timestamp } = message;
  return (
    <article className={`${styles.message} ${styles.first}`}>
      <span className={styles.side} />
      <div className={styles.body}>
        <p className={styles.heading}>
          <span className={styles.name}>
            <bdi>{username}</bdi>
          </span>{' '}
          {isValidTimestamp(timestamp) && (
            <time className={styles.time} dateTime={timestamp}>
              {formatTime(timestamp)}
            </time>
          )}
        </p>
        <p className={styles.placeholder}>This message can’t be displayed.</p>
      </div>
    </article>
  );
}
