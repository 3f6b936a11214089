import { useCallback, useRef, useState, type KeyboardEvent } from 'react';
import { QUICK_EMOJI } from '../emoji/quick-emoji.ts';
import { Icon } from '../ui/Icon.tsx';
import { Popover } from '../ui/Popover.tsx';
import { actionsId } from './actions-id.ts';
import { useMessageControls } from './controls.ts';
import type { MessageAction } from './message-actions.ts';
import styles from './MessageActions.module.css';
import { MessageMenu } from './MessageMenu.tsx';
import type { ShownMessage } from './shown-message.ts';

/** Reactions that take one press. */
const SHORTCUTS = QUICK_EMOJI.slice(0, 3);
const EXCERPT_LENGTH = 40;

interface MessageActionsProps {
  message: ShownMessage & { id: string };
  actions: readonly MessageAction[];
  /** Whether the Tab key reaches the button. */
  isSelected: boolean;
  /** Whether the pointer is on the message. */
  isHovered: boolean;
}

/** Button that opens the menu of a message, and shortcuts for a mouse. */
export function MessageActions({ message, actions, isSelected, isHovered }: MessageActionsProps) {
  const { react, select, moveFocus } = useMessageControls();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  const close = useCallback(() => setOpen(false), []);
  const { id, username, text } = message;

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    moveFocus(id, event.key === 'ArrowUp' ? -1 : 1);
  }

  return (
    <div className={`${styles.actions} ${open ? styles.open : ''}`}>
      {isHovered &&
        SHORTCUTS.map(({ emoji, name }) => (
          <button
            key={emoji}
            type="button"
            className={styles.shortcut}
            tabIndex={-1}
            title={`React with ${name}`}
            aria-label={`React with ${name}`}
            onClick={() => react(message, emoji)}
          >
            {emoji}
          </button>
        ))}
      <button
        ref={button}
        id={actionsId(id)}
        type="button"
        className={styles.more}
        tabIndex={isSelected ? 0 : -1}
        title="Actions"
        aria-label={`Actions for message from ${username}: ${text.slice(0, EXCERPT_LENGTH)}`}
        aria-haspopup="dialog"
        aria-expanded={open}
        onFocus={() => select(id)}
        onKeyDown={onKeyDown}
        // The press that closes the menu is also a click on the button.
        onPointerDown={() => (wasOpen.current = open)}
        onClick={() => {
          setOpen(!wasOpen.current);
          wasOpen.current = false;
        }}
      >
        <Icon shape="more" size={18} />
      </button>
      {open && (
        <Popover label="Message actions" anchor={button} onClose={close}>
          <MessageMenu message={message} actions={actions} onDone={close} />
        </Popover>
      )}
    </div>
  );
}
