import type { RoomConversation, RoomState } from '@chat/client';
import type { OwnUser } from '@chat/contracts';
import { useEffect, useMemo, useRef, useState } from 'react';
import { formatDay } from '../ui/time.ts';
import { toUserMessage } from '../ui/user-message.ts';
import { MessageControlsContext, type MessageControls } from './controls.ts';
import { FirstUnreadButton } from './FirstUnreadButton.tsx';
import { JumpButton } from './JumpButton.tsx';
import { messageActions } from './message-actions.ts';
import styles from './MessageList.module.css';
import { MessageRow } from './MessageRow.tsx';
import { useNewestInView } from './newest-in-view.ts';
import { OlderMessages } from './OlderMessages.tsx';
import { ProblemBar } from './ProblemBar.tsx';
import { useSelectedMessage } from './selected-message.ts';
import { useScrollPosition } from './scroll-position.ts';
import { shownMessages } from './shown-message.ts';
import { useStableScroll } from './stable-scroll.ts';
import { timeline } from './timeline.ts';
import { toggleReaction } from './toggle-reaction.ts';
import { useUnread } from './unread.ts';
import { rememberAuthors } from './user-names.ts';

interface MessageListProps {
  conversation: RoomConversation;
  state: RoomState;
  /** Read position of the user; undefined until it is known. */
  lastReadSeq: number | undefined;
  /** Whether the room had no messages when it was opened. */
  wasEmpty: boolean;
  user: OwnUser;
  /** Id of the message that is being edited. */
  editedId: string | undefined;
  /** Starts editing a message. */
  onEdit: (messageId: string) => void;
  /** Ends editing. */
  onEndEdit: () => void;
}

/**
 * Messages in a scroller that is anchored at the newest message and grows upwards: inserting older
 * messages above does not move the messages in view.
 */
export function MessageList({
  conversation,
  state,
  lastReadSeq,
  wasEmpty,
  user,
  editedId,
  onEdit,
  onEndEdit,
}: MessageListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { messages, pending, changes, role, editWindowMs } = state;
  const [problem, setProblem] = useState<string>();
  const actor = useMemo(
    () => ({ ownUserId: user.id, role, editWindowMs }),
    [user.id, role, editWindowMs],
  );
  const rows = useMemo(
    () => timeline(shownMessages({ messages, pending, changes }, user)),
    [messages, pending, changes, user],
  );
  const actionable = useMemo(
    () =>
      rows.flatMap(({ message }) =>
        message.id !== undefined && messageActions(message, actor).length > 0 ? [message.id] : [],
      ),
    [rows, actor],
  );
  const { selectedId, select, moveFocus } = useSelectedMessage(actionable);
  const controls = useMemo(
    (): MessageControls => ({
      conversation,
      actor,
      react: (message, emoji) => {
        try {
          toggleReaction(conversation, message, emoji);
        } catch (error) {
          setProblem(toUserMessage(error));
        }
      },
      edit: onEdit,
      endEdit: onEndEdit,
      select,
      moveFocus,
      focusList: () => scroller.current?.focus(),
    }),
    [conversation, actor, onEdit, onEndEdit, select, moveFocus],
  );
  const { scrolledAway, onScroll, scrollToNewest } = useNewestInView(scroller);
  const unread = useUnread(state, {
    lastReadSeq,
    isNewestInView: !scrolledAway,
    wasEmpty,
    ownUserId: user.id,
  });

  useEffect(() => rememberAuthors(messages), [messages]);
  useScrollPosition(`${user.id} ${state.roomId}`, scroller, onScroll);
  useStableScroll(scroller, messages[0]?.seq);

  const lastSent = pending.at(-1)?.clientMessageId;
  useEffect(() => {
    if (lastSent) scrollToNewest();
  }, [lastSent, scrollToNewest]);

  return (
    <>
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
            <MessageControlsContext value={controls}>
              <ol className={styles.rows}>
                {rows.map(({ message, startsDay, startsGroup }) => (
                  <MessageRow
                    key={message.key}
                    message={message}
                    day={startsDay ? formatDay(message.timestamp) : undefined}
                    startsGroup={startsGroup}
                    startsUnread={
                      message.seq !== undefined && message.seq - 1 === unread.dividerSeq
                    }
                    isSelected={message.id !== undefined && message.id === selectedId}
                    isEditing={message.id !== undefined && message.id === editedId}
                  />
                ))}
              </ol>
            </MessageControlsContext>
          </div>
        </div>
        {unread.dividerSeq !== undefined && (
          <FirstUnreadButton
            key={unread.dividerSeq}
            conversation={conversation}
            scroller={scroller}
            state={state}
            afterSeq={unread.dividerSeq}
          />
        )}
        {scrolledAway && (
          <JumpButton
            direction="down"
            label={newMessagesLabel(unread.count)}
            onClick={scrollToNewest}
          />
        )}
      </div>
      {problem && <ProblemBar onDismiss={() => setProblem(undefined)}>{problem}</ProblemBar>}
    </>
  );
}

function newMessagesLabel(count: number): string {
  if (count === 0) return 'Jump to latest';
  return `${count} new message${count === 1 ? '' : 's'}`;
}
