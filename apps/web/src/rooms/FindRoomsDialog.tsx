import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { Link } from '../app/Link.tsx';
import { roomPath } from '../app/location.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { TextField } from '../ui/TextField.tsx';
import styles from './FindRoomsDialog.module.css';
import { RoomIcon } from './RoomIcon.tsx';
import { useSearch } from './search.ts';

interface FindRoomsDialogProps {
  onClose: () => void;
  onNew: () => void;
}

const discover = (query: string) => chat.rest.discoverRooms(query || undefined);

/** Lists public rooms that the user is not a member of; choosing one joins it. */
export function FindRoomsDialog({ onClose, onNew }: FindRoomsDialogProps) {
  const [query, setQuery] = useState('');
  const { results, errorMessage } = useSearch(query.trim(), discover);
  return (
    <Dialog title="Find rooms" onClose={onClose}>
      <TextField
        label="Search public rooms"
        type="search"
        data-focus-first
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        maxLength={64}
        error={errorMessage}
      />
      <ul className={styles.results} aria-label="Public rooms" aria-busy={!results}>
        {results?.map((room) => (
          <li key={room.id}>
            <Link href={roomPath(room.id)} className={styles.room} onNavigate={onClose}>
              <RoomIcon visibility={room.visibility} />
              <span className={styles.text}>
                <span className={styles.name}>
                  <bdi>{room.name}</bdi>
                </span>
                {room.topic && (
                  <span className={styles.topic}>
                    <bdi>{room.topic}</bdi>
                  </span>
                )}
              </span>
              <span className={styles.join}>Join</span>
            </Link>
          </li>
        ))}
      </ul>
      {results?.length === 0 && !errorMessage && (
        <p className={styles.none}>
          {query.trim()
            ? 'No rooms found. Try another name, or create a room.'
            : 'You’ve joined every public room.'}
        </p>
      )}
      <div className={styles.new}>
        <Button variant="quiet" onClick={onNew}>
          Create a room
        </Button>
      </div>
    </Dialog>
  );
}
