import { ChatError } from '@chat/client';
import type { Visibility } from '@chat/contracts';
import { useState, type SubmitEvent } from 'react';
import { chat } from '../app/chat.ts';
import { navigate, roomPath } from '../app/location.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import { TextField } from '../ui/TextField.tsx';
import styles from './NewRoomDialog.module.css';
import { isRoomName, suggestRoomName, ROOM_NAME_RULE } from './room-name.ts';
import { VisibilityChoice } from './VisibilityChoice.tsx';

export function NewRoomDialog({ onClose }: { onClose: () => void }) {
  const [visibility, setVisibility] = useState<Visibility>('public');
  const [typedName, setTypedName] = useState('');
  const [topic, setTopic] = useState('');
  const [busy, setBusy] = useState(false);
  const [errorMessage, setErrorMessage] = useState<string>();

  const name = typedName.trim();
  const isPublic = visibility === 'public';
  const isInvalidName = isPublic && name !== '' && !isRoomName(name);
  const suggestion = isInvalidName ? suggestRoomName(name) : '';

  async function create(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      const room = await chat.rest.createRoom({ visibility, name, ...(topic.trim() && { topic }) });
      onClose();
      navigate(roomPath(room.id));
    } catch (error) {
      setBusy(false);
      setErrorMessage(
        isConflict(error) ? 'This name is taken. Choose another one.' : toUserMessage(error),
      );
    }
  }

  return (
    <Dialog title="New room" onClose={onClose}>
      <form className={styles.form} onSubmit={(event) => void create(event)}>
        <VisibilityChoice value={visibility} onChange={setVisibility} />
        <TextField
          label="Name"
          data-focus-first
          value={typedName}
          onChange={(event) => {
            setTypedName(event.target.value);
            setErrorMessage(undefined);
          }}
          maxLength={64}
          autoCapitalize={isPublic ? 'none' : 'sentences'}
          hint={isPublic ? ROOM_NAME_RULE : 'Any name. Only members can see it.'}
          error={errorMessage ?? (isInvalidName ? ROOM_NAME_RULE : undefined)}
        />
        {suggestion && (
          <p className={styles.suggestion}>
            <Button variant="quiet" onClick={() => setTypedName(suggestion)}>
              Use “{suggestion}”
            </Button>
          </p>
        )}
        <TextField
          label="Topic (optional)"
          value={topic}
          onChange={(event) => setTopic(event.target.value)}
          maxLength={250}
        />
        <div className={styles.actions}>
          <Button variant="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" busy={busy} disabled={name === '' || isInvalidName}>
            Create room
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function isConflict(error: unknown): boolean {
  return error instanceof ChatError && error.code === 'CONFLICT';
}
