import type { RoomConversation, RoomState } from '@chat/client';
import type { OwnUser } from '@chat/contracts';
import { useEffect, useMemo, useRef } from 'react';
import { Icon } from '../ui/Icon.tsx';
import { onDay } from '../ui/time.ts';
import styles from './MessageList.module.css';
import { MessageRow } from './MessageRow.tsx';
import { useNewestInView } from './newest-in-view.ts';
import { OlderMessages } from './OlderMessages.tsx';
import { shownMessages } from './shown-message.ts';
import { useSteadyHistory } from './steady-history.ts';
import { timeline } from './timeline.ts';

interface MessageListProps {
  conversation: RoomConversation;
  state: RoomState;
  user: OwnUser;
}

/**
 * The messages in a scroller that grows upwards: its rest position is the newest message, and what
 * is put in above moves nothing.
 */
export function MessageList({ conversation, state, user }: MessageListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { messages, pending } = state;
  const rows = useMemo(
    () => timeline(shownMessages({ messages, pending }, user)),
    [messages, pending, user],
  );
  const { away, unseen, onScroll, toNewest } = useNewestInView(scroller, messages.at(-1)?.seq ?? 0);

  useSteadyHistory(scroller, messages[0]?.seq);

  const lastSent = pending.at(-1)?.clientMessageId;
  useEffect(() => {
    if (lastSent) toNewest();
  }, [lastSent, toNewest]);

  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="region"
        aria-label="Messages"
        tabIndex={0}
        onScroll={onScroll}
      >
        <div className={styles.content}>
          <OlderMessages conversation={conversation} state={state} scroller={scroller} />
          <ol className={styles.rows}>
            {rows.map(({ message, opensDay, opensGroup }) => (
              <MessageRow
                key={message.key}
                message={message}
                day={opensDay ? onDay(message.timestamp) : undefined}
                opensGroup={opensGroup}
              />
            ))}
          </ol>
        </div>
      </div>
      {away && (
        <button type="button" className={styles.toNewest} onClick={toNewest}>
          <Icon shape="down" size={16} />
          {unseen === 0 ? 'To the newest' : `${unseen} new message${unseen === 1 ? '' : 's'}`}
        </button>
      )}
    </div>
  );
}
