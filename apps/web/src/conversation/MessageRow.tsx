import { memo } from 'react';
import { ErrorBoundary } from '../app/ErrorBoundary.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { formatFull, formatTime } from '../ui/time.ts';
import { MessageFallback } from './MessageFallback.tsx';
import { DeliveryStatus } from './DeliveryStatus.tsx';
import { FailedMessage } from './FailedMessage.tsx';
import styles from './MessageRow.module.css';
import { MessageText } from './MessageText.tsx';
import { Reactions } from './Reactions.tsx';
import type { ShownMessage } from './shown-message.ts';

interface ArticleProps {
  message: ShownMessage;
  /** Whether the message is the first of its group, shown with name and time. */
  startsGroup: boolean;
}

interface MessageRowProps extends ArticleProps {
  /** Label of the day that starts with this message. */
  day: string | undefined;
}

/** One message of the list. A message that fails to render does not affect the others. */
export const MessageRow = memo(function MessageRow({ message, day, startsGroup }: MessageRowProps) {
  return (
    <li className={styles.row} data-delivery={message.delivery}>
      {day && (
        <h3 className={styles.day}>
          <span>{day}</span>
        </h3>
      )}
      <ErrorBoundary fallback={<MessageFallback message={message} />}>
        <Article message={message} startsGroup={startsGroup} />
      </ErrorBoundary>
    </li>
  );
});

function Article({ message, startsGroup }: ArticleProps) {
  const { username, text, timestamp, editedAt, deleted, reactions, delivery, entry } = message;
  const time = (
    <time className={styles.time} dateTime={timestamp} title={formatFull(timestamp)}>
      {formatTime(timestamp)}
    </time>
  );
  return (
    <article className={`${styles.message} ${startsGroup ? styles.first : ''}`}>
      <span className={styles.side}>{startsGroup ? <Avatar name={username} /> : time}</span>
      <div className={styles.body}>
        {startsGroup ? (
          <p className={styles.heading}>
            <span className={styles.name}>{username}</span> {time}
          </p>
        ) : (
          <span className="visually-hidden">{username}</span>
        )}
        {deleted ? (
          <p className={styles.placeholder}>This message was deleted.</p>
        ) : (
          <MessageText text={text} editedAt={editedAt} />
        )}
        {reactions && <Reactions reactions={reactions} />}
        {delivery === 'failed' && entry && <FailedMessage entry={entry} />}
      </div>
      {delivery && <DeliveryStatus delivery={delivery} />}
    </article>
  );
}
