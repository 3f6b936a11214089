import { atTime, isTime } from '../ui/time.ts';
import styles from './MessageRow.module.css';
import type { ShownMessage } from './shown-message.ts';

/** Stands in for a message that could not be rendered; needs nothing of it to be well-formed. */
export function BrokenMessage({ message }: { message: ShownMessage }) {
  const { username, timestamp } = message;
  return (
    <article className={`${styles.message} ${styles.first}`}>
      <span className={styles.side} />
      <div className={styles.body}>
        <p className={styles.heading}>
          <span className={styles.name}>{username}</span>{' '}
          {isTime(timestamp) && (
            <time className={styles.time} dateTime={timestamp}>
              {atTime(timestamp)}
            </time>
          )}
        </p>
        <p className={styles.broken}>This message can’t be displayed.</p>
      </div>
    </article>
  );
}
