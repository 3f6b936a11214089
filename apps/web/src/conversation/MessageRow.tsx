import { memo, useState } from 'react';
import { ErrorBoundary } from '../app/ErrorBoundary.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { formatFull, formatTime } from '../ui/time.ts';
import { TOUCH } from '../ui/touch.ts';
import { useMessageControls } from './controls.ts';
import { MessageFallback } from './MessageFallback.tsx';
import { DeliveryStatus } from './DeliveryStatus.tsx';
import { FailedMessage } from './FailedMessage.tsx';
import { messageActions } from './message-actions.ts';
import { MessageActions } from './MessageActions.tsx';
import { MessageEditor } from './MessageEditor.tsx';
import styles from './MessageRow.module.css';
import { MessageText } from './MessageText.tsx';
import { Reactions } from './Reactions.tsx';
import type { ShownMessage } from './shown-message.ts';

interface ArticleProps {
  message: ShownMessage;
  /** Whether the message is the first of its group, shown with name and time. */
  startsGroup: boolean;
  /** Whether the Tab key reaches its actions. */
  isSelected: boolean;
  isEditing: boolean;
}

interface MessageRowProps extends ArticleProps {
  /** Label of the day that starts with this message. */
  day: string | undefined;
  /** Whether this is the first message that was unread when it came into view. */
  startsUnread: boolean;
}

/** One message of the list. A message that fails to render does not affect the others. */
export const MessageRow = memo(function MessageRow({
  day,
  startsUnread,
  ...article
}: MessageRowProps) {
  const { message } = article;
  return (
    <li
      className={styles.row}
      data-delivery={message.delivery}
      data-seq={message.seq}
      data-first-unread={startsUnread || undefined}
    >
      {day && (
        <h3 className={styles.day}>
          <span>{day}</span>
        </h3>
      )}
      {startsUnread && (
        <p className={styles.unread}>
          <span>New messages</span>
        </p>
      )}
      <ErrorBoundary fallback={<MessageFallback message={message} />}>
        <Article {...article} />
      </ErrorBoundary>
    </li>
  );
});

function Article({ message, startsGroup, isSelected, isEditing }: ArticleProps) {
  const { actor } = useMessageControls();
  const [isHovered, setHovered] = useState(false);
  const { id, username, timestamp, reactions = [], delivery, entry } = message;
  const actions = messageActions(message, actor);
  const hasMenu = id !== undefined && actions.length > 0 && !isEditing;
  const time = (
    <time className={styles.time} dateTime={timestamp} title={formatFull(timestamp)}>
      {formatTime(timestamp)}
    </time>
  );
  return (
    <article
      className={`${styles.message} ${startsGroup ? styles.first : ''}`}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      <span className={styles.side}>{startsGroup ? <Avatar name={username} /> : time}</span>
      <div className={styles.body}>
        {startsGroup ? (
          <p className={styles.heading}>
            <span className={styles.name}>
              <bdi>{username}</bdi>
            </span>{' '}
            {time}
          </p>
        ) : (
          <bdi className="visually-hidden">{username}</bdi>
        )}
        <Content message={message} isEditing={isEditing && actions.includes('edit')} />
        {reactions.length > 0 && (
          <Reactions message={message} canReact={actions.includes('react')} />
        )}
        {delivery === 'failed' && entry && <FailedMessage entry={entry} />}
      </div>
      {delivery && <DeliveryStatus delivery={delivery} />}
      {hasMenu && (isHovered || isSelected || TOUCH.matches) && (
        <MessageActions
          message={{ ...message, id }}
          actions={actions}
          isSelected={isSelected}
          isHovered={isHovered}
        />
      )}
    </article>
  );
}

function Content({ message, isEditing }: Pick<ArticleProps, 'message' | 'isEditing'>) {
  const { conversation, endEdit } = useMessageControls();
  const { id, text, editedAt, deleted } = message;
  if (deleted) return <p className={styles.placeholder}>This message was deleted.</p>;
  if (!isEditing || id === undefined) return <MessageText text={text} editedAt={editedAt} />;
  return (
    <MessageEditor
      text={text}
      onSave={(edited) => void conversation.editMessage(id, edited)}
      onEnd={endEdit}
    />
  );
}
