import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { Link } from '../app/Link.tsx';
import { roomPath } from '../app/location.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { TextField } from '../ui/TextField.tsx';
import styles from './FindRoomsDialog.module.css';
import { RoomMark } from './RoomMark.tsx';
import { useSearch } from './search.ts';

interface FindRoomsDialogProps {
  onClose: () => void;
  onNew: () => void;
}

const discover = (query: string) => chat.rest.discoverRooms(query || undefined);

/** Public rooms that one is not in yet; choosing one joins it. */
export function FindRoomsDialog({ onClose, onNew }: FindRoomsDialogProps) {
  const [query, setQuery] = useState('');
  const { results, problem } = useSearch(query.trim(), discover);
  return (
    <Dialog title="Find rooms" onClose={onClose}>
      <TextField
        label="Name of a public room"
        type="search"
        data-focus-first
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        maxLength={64}
        error={problem}
      />
      <ul className={styles.results} aria-label="Public rooms" aria-busy={!results}>
        {results?.map((room) => (
          <li key={room.id}>
            <Link href={roomPath(room.id)} className={styles.room} onFollow={onClose}>
              <RoomMark visibility={room.visibility} />
              <span className={styles.text}>
                <span className={styles.name}>{room.name}</span>
                {room.topic && <span className={styles.topic}>{room.topic}</span>}
              </span>
              <span className={styles.join}>Join</span>
            </Link>
          </li>
        ))}
      </ul>
      {results?.length === 0 && !problem && (
        <p className={styles.none}>
          {query.trim()
            ? 'No other public room has this in its name.'
            : 'You are in every public room there is.'}
        </p>
      )}
      <div className={styles.new}>
        <Button look="quiet" onClick={onNew}>
          Create a room
        </Button>
      </div>
    </Dialog>
  );
}
