import { useLayoutEffect, type KeyboardEvent, type RefObject } from 'react';
import { TOUCH } from '../ui/touch.ts';
import styles from './MessageField.module.css';

interface MessageFieldProps {
  ref: RefObject<HTMLTextAreaElement | null>;
  'aria-label': string;
  'aria-describedby': string | undefined;
  placeholder?: string;
  autoFocus?: boolean;
  value: string;
  onChange: (text: string) => void;
  /** Called for the Enter key; on a touch keyboard it inserts a line break. */
  onEnter: () => void;
  /** Called for other keys. */
  onKeyDown: (event: KeyboardEvent) => void;
}

/** Field for the text of a message, which grows with it. */
export function MessageField({ ref, onChange, onEnter, onKeyDown, ...field }: MessageFieldProps) {
  useLayoutEffect(() => {
    if (!ref.current) return;
    ref.current.style.height = 'auto';
    ref.current.style.height = `${ref.current.scrollHeight}px`;
  }, [ref, field.value]);

  useLayoutEffect(() => {
    // `autoFocus` puts the caret before the text. Without the focus, Safari would set it here.
    if (document.activeElement === ref.current) ref.current?.setSelectionRange(-1, -1);
  }, [ref]);

  function handleKey(event: KeyboardEvent) {
    // In an input method (IME), for example for Japanese, Enter also confirms the composition.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari sets only keyCode
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key !== 'Enter') {
      onKeyDown(event);
      return;
    }
    if (event.shiftKey || TOUCH.matches) return;
    event.preventDefault();
    onEnter();
  }

  return (
    <textarea
      ref={ref}
      className={styles.field}
      rows={1}
      dir="auto"
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={handleKey}
      {...field}
    />
  );
}
