import { useState } from 'react';
import { LoadedEmojiPicker } from '../emoji/LoadedEmojiPicker.tsx';
import { QUICK_EMOJI } from '../emoji/quick-emoji.ts';
import { ConfirmAction } from '../ui/ConfirmAction.tsx';
import { Icon } from '../ui/Icon.tsx';
import { useMessageControls } from './controls.ts';
import type { MessageAction } from './message-actions.ts';
import styles from './MessageMenu.module.css';
import type { ShownMessage } from './shown-message.ts';

interface MessageMenuProps {
  message: ShownMessage & { id: string };
  actions: readonly MessageAction[];
  onDone: () => void;
}

/** The actions on a message. */
export function MessageMenu({ message, actions, onDone }: MessageMenuProps) {
  const { conversation, react, edit, focusList } = useMessageControls();
  const [picking, setPicking] = useState(false);

  function pick(emoji: string) {
    react(message, emoji);
    onDone();
  }

  function startEdit() {
    onDone();
    edit(message.id);
  }

  function remove(): Promise<void> {
    conversation.deleteMessage(message.id);
    onDone();
    focusList();
    return Promise.resolve();
  }

  if (picking) return <LoadedEmojiPicker onPick={pick} />;
  return (
    <div className={styles.menu}>
      <div className={styles.emoji} role="group" aria-label="React">
        {QUICK_EMOJI.map(({ emoji, name }) => (
          <button
            key={emoji}
            type="button"
            title={name}
            aria-label={`React with ${name}`}
            aria-pressed={isMine(message, emoji)}
            onClick={() => pick(emoji)}
          >
            {emoji}
          </button>
        ))}
        <button
          type="button"
          title="More emoji"
          aria-label="More emoji"
          onClick={() => setPicking(true)}
        >
          <Icon shape="react" />
        </button>
      </div>
      {actions.includes('edit') && (
        <button type="button" className={styles.item} onClick={startEdit}>
          <Icon shape="edit" size={18} />
          Edit message
        </button>
      )}
      {actions.includes('delete') && (
        <div className={styles.delete}>
          <ConfirmAction
            label="Delete message"
            description="The message will be deleted for everyone. This can’t be undone."
            confirmLabel="Delete"
            onConfirm={remove}
          />
        </div>
      )}
    </div>
  );
}

function isMine({ reactions = [] }: ShownMessage, emoji: string): boolean {
  return reactions.some((reaction) => reaction.emoji === emoji && reaction.mine);
}
