import type { RoomConversation } from '@chat/client';
import { MAX_TEXT_LENGTH } from '@chat/contracts';
import {
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type SubmitEvent,
  type KeyboardEvent,
} from 'react';
import { Icon } from '../ui/Icon.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import styles from './Composer.module.css';
import { useDraft } from './draft.ts';

/** The character count is shown when no more than this many characters are left. */
const SHOW_COUNT_BELOW = 400;
const TOUCH = matchMedia('(hover: none) and (pointer: coarse)');

interface ComposerProps {
  conversation: RoomConversation;
  roomName: string;
  ownUserId: string;
}

/** Message input. Enter sends the message; on a touch keyboard it inserts a line break. */
export function Composer({ conversation, roomName, ownUserId }: ComposerProps) {
  const [text, setText] = useDraft(ownUserId, conversation.roomId);
  const [errorMessage, setErrorMessage] = useState<string>();
  const field = useRef<HTMLTextAreaElement>(null);
  const noteId = useId();

  useLayoutEffect(() => {
    if (!field.current) return;
    field.current.style.height = 'auto';
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [text]);

  const remaining = MAX_TEXT_LENGTH - text.trim().length;
  const sendable = text.trim() !== '' && remaining >= 0;
  const note = errorMessage ?? characterCount(remaining);

  function send() {
    if (!sendable) return;
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
    if (event.key !== 'Enter' || event.shiftKey || TOUCH.matches) return;
    // In an input method (IME), for example for Japanese, Enter also confirms the composition.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari sets only keyCode
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  }

  return (
    <form className={styles.composer} onSubmit={submit}>
      <div className={styles.box}>
        <textarea
          ref={field}
          className={styles.field}
          rows={1}
          dir="auto"
          aria-label={`Message to ${roomName}`}
          aria-describedby={note ? noteId : undefined}
          placeholder={`Message ${roomName}`}
          autoFocus={!TOUCH.matches}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className={styles.send} disabled={!sendable} aria-label="Send">
          <Icon shape="send" />
        </button>
      </div>
      {note && (
        <p id={noteId} className={errorMessage || remaining < 0 ? styles.problem : styles.note}>
          {note}
        </p>
      )}
    </form>
  );
}

function characterCount(remaining: number): string | undefined {
  if (remaining > SHOW_COUNT_BELOW) return undefined;
  const count = Math.abs(remaining).toLocaleString();
  return remaining < 0 ? `${count} characters over the limit` : `${count} characters left`;
}
