import { memo } from 'react';
import { ErrorBoundary } from '../app/ErrorBoundary.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { atTime, inFull } from '../ui/time.ts';
import { BrokenMessage } from './BrokenMessage.tsx';
import { DeliveryMark } from './DeliveryMark.tsx';
import { FailedSend } from './FailedSend.tsx';
import styles from './MessageRow.module.css';
import { MessageText } from './MessageText.tsx';
import type { ShownMessage } from './shown-message.ts';

interface ArticleProps {
  message: ShownMessage;
  /** Shown with name and time. */
  opensGroup: boolean;
}

interface MessageRowProps extends ArticleProps {
  /** The day that begins with this message. */
  day: string | undefined;
}

/** One message of the list. One that cannot be rendered leaves the others alone. */
export const MessageRow = memo(function MessageRow({ message, day, opensGroup }: MessageRowProps) {
  return (
    <li className={styles.row} data-delivery={message.delivery}>
      {day && (
        <h3 className={styles.day}>
          <span>{day}</span>
        </h3>
      )}
      <ErrorBoundary fallback={<BrokenMessage message={message} />}>
        <Article message={message} opensGroup={opensGroup} />
      </ErrorBoundary>
    </li>
  );
});

function Article({ message, opensGroup }: ArticleProps) {
  const { username, text, timestamp, delivery, entry } = message;
  const time = (
    <time className={styles.time} dateTime={timestamp} title={inFull(timestamp)}>
      {atTime(timestamp)}
    </time>
  );
  return (
    <article className={`${styles.message} ${opensGroup ? styles.first : ''}`}>
      <span className={styles.side}>{opensGroup ? <Avatar name={username} /> : time}</span>
      <div className={styles.body}>
        {opensGroup ? (
          <p className={styles.heading}>
            <span className={styles.name}>{username}</span> {time}
          </p>
        ) : (
          <span className="visually-hidden">{username}</span>
        )}
        <MessageText text={text} />
        {delivery === 'failed' && entry && <FailedSend entry={entry} />}
      </div>
      {delivery && <DeliveryMark delivery={delivery} />}
    </article>
  );
}
