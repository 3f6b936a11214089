import { memo } from 'react';
import { Avatar } from '../ui/Avatar.tsx';
import { atTime, inFull } from '../ui/time.ts';
import { DeliveryMark } from './DeliveryMark.tsx';
import { FailedSend } from './FailedSend.tsx';
import styles from './MessageRow.module.css';
import { MessageText } from './MessageText.tsx';
import type { ShownMessage } from './shown-message.ts';

interface MessageRowProps {
  message: ShownMessage;
  /** The day that begins with this message. */
  day: string | undefined;
  /** Shown with name and time. */
  opensGroup: boolean;
}

export const MessageRow = memo(function MessageRow({ message, day, opensGroup }: MessageRowProps) {
  const { username, text, timestamp, delivery, entry } = message;
  const time = (
    <time className={styles.time} dateTime={timestamp} title={inFull(timestamp)}>
      {atTime(timestamp)}
    </time>
  );
  return (
    <li className={styles.row} data-delivery={delivery}>
      {day && (
        <h3 className={styles.day}>
          <span>{day}</span>
        </h3>
      )}
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
    </li>
  );
});
