import { isNamedRoomId, type OwnUser } from '@chat/contracts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { chat } from '../app/chat.ts';
import { useObservable } from '../app/observable.ts';
import { useTitle } from '../app/title.ts';
import { totalUnread } from '../app/unread.ts';
import { TOUCH } from '../ui/touch.ts';
import { Announcer } from './Announcer.tsx';
import { Composer } from './Composer.tsx';
import styles from './ConversationPane.module.css';
import { ConversationHeader } from './ConversationHeader.tsx';
import { EmptyConversation } from './EmptyConversation.tsx';
import { messageActions } from './message-actions.ts';
import { MessageList } from './MessageList.tsx';
import { RemovedRoom } from './RemovedRoom.tsx';

/** One room: its header, its messages and the composer. */
export function ConversationPane({ roomId, user }: { roomId: string; user: OwnUser }) {
  const conversation = chat.room(roomId);
  const state = useObservable(conversation);
  const { rooms } = useObservable(chat.rooms);
  const { status } = useObservable(chat.connection);
  const room = rooms.find(({ id }) => id === roomId);
  // Last known name: a removed room is no longer in the list.
  const [name, setName] = useState(isNamedRoomId(roomId) ? roomId : 'Private room');
  if (room && room.name !== name) setName(room.name);

  const [wasEmpty, setWasEmpty] = useState(false);
  const empty = state.messages.length === 0 && state.pending.length === 0;
  if (empty && state.live && !wasEmpty) setWasEmpty(true);

  const [editedId, setEditedId] = useState<string>();
  const composer = useRef<HTMLTextAreaElement>(null);

  const endEdit = useCallback(() => {
    setEditedId(undefined);
    // The keyboard of a phone would cover the message.
    if (!TOUCH.matches) composer.current?.focus();
  }, []);

  function editLatest() {
    const actor = { ownUserId: user.id, role: state.role, editWindowMs: state.editWindowMs };
    const latest = state.messages.findLast(({ deletedAt, ...message }) =>
      messageActions({ ...message, deleted: deletedAt !== undefined }, actor).includes('edit'),
    );
    if (latest) setEditedId(latest.id);
  }

  useTitle(name, totalUnread(rooms));
  useEffect(() => {
    conversation.open().catch(() => undefined); // The snapshot has the error.
    return () => conversation.close();
  }, [conversation]);

  if (state.status === 'removed') return <RemovedRoom name={name} />;
  return (
    <section className={styles.pane} aria-label={`Conversation in ${name}`}>
      <ConversationHeader
        room={room}
        name={name}
        ownUserId={user.id}
        catchingUp={status === 'online' && isBehind(state)}
      />
      {empty ? (
        <EmptyConversation loading={state.status !== 'open'} />
      ) : (
        <MessageList
          key={state.resets}
          conversation={conversation}
          state={state}
          lastReadSeq={room?.lastReadSeq}
          wasEmpty={wasEmpty}
          user={user}
          editedId={editedId}
          onEdit={setEditedId}
          onEndEdit={endEdit}
        />
      )}
      <Announcer conversation={conversation} ownUserId={user.id} />
      <Composer
        conversation={conversation}
        roomName={name}
        ownUserId={user.id}
        field={composer}
        onEditLatest={editLatest}
      />
    </section>
  );
}

/** Whether messages are shown and newer ones may exist. */
function isBehind({ live, messages }: { live: boolean; messages: readonly unknown[] }): boolean {
  return !live && messages.length > 0;
}
