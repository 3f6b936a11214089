import type { RoomConversation, RoomState } from '@chat/client';
import type { OwnUser } from '@chat/contracts';
import { useEffect, useMemo, useRef } from 'react';
import { Icon } from '../ui/Icon.tsx';
import { formatDay } from '../ui/time.ts';
import styles from './MessageList.module.css';
import { MessageRow } from './MessageRow.tsx';
import { useNewestInView } from './newest-in-view.ts';
import { OlderMessages } from './OlderMessages.tsx';
import { shownMessages } from './shown-message.ts';
import { useStableScroll } from './stable-scroll.ts';
import { timeline } from './timeline.ts';

interface MessageListProps {
  conversation: RoomConversation;
  state: RoomState;
  user: OwnUser;
}

/**
 * Messages in a scroller that is anchored at the newest message and grows upwards: inserting older
 * messages above does not move the messages in view.
 */
export function MessageList({ conversation, state, user }: MessageListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { messages, pending } = state;
  const rows = useMemo(
    () => timeline(shownMessages({ messages, pending }, user)),
    [messages, pending, user],
  );
  const { scrolledAway, unseen, onScroll, scrollToNewest } = useNewestInView(
    scroller,
    messages.at(-1)?.seq ?? 0,
  );

  useStableScroll(scroller, messages[0]?.seq);

  const lastSent = pending.at(-1)?.clientMessageId;
  useEffect(() => {
    if (lastSent) scrollToNewest();
  }, [lastSent, scrollToNewest]);

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
            {rows.map(({ message, startsDay, startsGroup }) => (
              <MessageRow
                key={message.key}
                message={message}
                day={startsDay ? formatDay(message.timestamp) : undefined}
                startsGroup={startsGroup}
              />
            ))}
          </ol>
        </div>
      </div>
      {scrolledAway && (
        <button type="button" className={styles.scrollToNewest} onClick={scrollToNewest}>
          <Icon shape="down" size={16} />
          {unseen === 0 ? 'Jump to latest' : `${unseen} new message${unseen === 1 ? '' : 's'}`}
        </button>
      )}
    </div>
  );
}
