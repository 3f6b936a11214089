import type { RoomConversation } from '@chat/client';
import { useId, useState, type KeyboardEvent, type RefObject, type SubmitEvent } from 'react';
import { Icon } from '../ui/Icon.tsx';
import { isolate } from '../ui/isolate.ts';
import { TOUCH } from '../ui/touch.ts';
import { toUserMessage } from '../ui/user-message.ts';
import styles from './Composer.module.css';
import { useDraft } from './draft.ts';
import { messageLength } from './message-length.ts';
import { MessageField } from './MessageField.tsx';

interface ComposerProps {
  conversation: RoomConversation;
  roomName: string;
  ownUserId: string;
  field: RefObject<HTMLTextAreaElement | null>;
  /** Called for the up arrow key in an empty field. */
  onEditLatest: () => void;
}

/** Message input. Enter sends the message; the up arrow key in an empty field edits the last one. */
export function Composer({
  conversation,
  roomName,
  ownUserId,
  field,
  onEditLatest,
}: ComposerProps) {
  const [text, setText] = useDraft(ownUserId, conversation.roomId);
  const [errorMessage, setErrorMessage] = useState<string>();
  const noteId = useId();
  const length = messageLength(text);
  const note = errorMessage ?? length.note;

  function send() {
    if (!length.valid) return;
    try {
      conversation.send(text.trim());
      setText('');
      setErrorMessage(undefined);
    } catch (error) {
      setErrorMessage(toUserMessage(error));
    }
  }

  function submit(event: SubmitEvent) {
    event.preventDefault();
    send();
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'ArrowUp' || text !== '' || hasModifier(event)) return;
    event.preventDefault();
    onEditLatest();
  }

  return (
    <form className={styles.composer} onSubmit={submit}>
      <div className={styles.box}>
        <MessageField
          ref={field}
          aria-label={`Message to ${roomName}`}
          aria-describedby={note ? noteId : undefined}
          placeholder={`Message ${isolate(roomName)}`}
          autoFocus={!TOUCH.matches}
          value={text}
          onChange={setText}
          onEnter={send}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className={styles.send} disabled={!length.valid} aria-label="Send">
          <Icon shape="send" />
        </button>
      </div>
      {note && (
        <p id={noteId} className={errorMessage || length.isOver ? styles.problem : styles.note}>
          {note}
        </p>
      )}
    </form>
  );
}

function hasModifier({ shiftKey, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  return shiftKey || ctrlKey || altKey || metaKey;
}
