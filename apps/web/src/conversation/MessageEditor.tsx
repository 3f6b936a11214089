import {
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type SubmitEvent,
} from 'react';
import { Button } from '../ui/Button.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import { messageLength } from './message-length.ts';
import styles from './MessageEditor.module.css';
import { MessageField } from './MessageField.tsx';

interface MessageEditorProps {
  /** Text before the edit. */
  text: string;
  /** Saves the edited text. @throws ChatError */
  onSave: (text: string) => void;
  /** Called after saving and when the user cancels. */
  onEnd: () => void;
}

/** Edits a message in place. Enter saves, Escape cancels. */
export function MessageEditor({ text: before, onSave, onEnd }: MessageEditorProps) {
  const [text, setText] = useState(before);
  const [errorMessage, setErrorMessage] = useState<string>();
  const field = useRef<HTMLTextAreaElement>(null);
  const noteId = useId();
  const length = messageLength(text);
  const isEmpty = text.trim() === '';
  const note =
    errorMessage ??
    (isEmpty ? 'Write something, or cancel and delete the message instead.' : length.note);

  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(-1, -1);
    field.current?.scrollIntoView({ block: 'nearest' });
  }, []);

  function save() {
    if (!length.valid) return;
    try {
      if (text.trim() !== before) onSave(text.trim());
      onEnd();
    } catch (error) {
      setErrorMessage(toUserMessage(error));
    }
  }

  function submit(event: SubmitEvent) {
    event.preventDefault();
    save();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onEnd();
  }

  return (
    <form className={styles.editor} aria-label="Edit message" onSubmit={submit}>
      <div className={styles.box}>
        <MessageField
          ref={field}
          aria-label="Edited text"
          aria-describedby={note ? noteId : undefined}
          value={text}
          onChange={setText}
          onEnter={save}
          onKeyDown={onKeyDown}
        />
      </div>
      {note && (
        <p
          id={noteId}
          role={isEmpty ? 'status' : undefined}
          className={errorMessage || length.isOver ? styles.problem : styles.note}
        >
          {note}
        </p>
      )}
      <div className={styles.choice}>
        <Button variant="quiet" onClick={onEnd}>
          Cancel
        </Button>
        <Button type="submit" disabled={!length.valid}>
          Save
        </Button>
      </div>
    </form>
  );
}
