import type { RoomSummary } from '@chat/contracts';
import { useState } from 'react';
import { Link } from '../app/Link.tsx';
import { HOME } from '../app/location.ts';
import { AboutRoomDialog } from '../rooms/AboutRoomDialog.tsx';
import { RoomIcon } from '../rooms/RoomIcon.tsx';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import styles from './ConversationHeader.module.css';

interface ConversationHeaderProps {
  /** Undefined until the list of rooms includes it. */
  room: RoomSummary | undefined;
  name: string;
  ownUserId: string;
  catchingUp: boolean;
}

export function ConversationHeader({ room, name, ownUserId, catchingUp }: ConversationHeaderProps) {
  const [about, setAbout] = useState(false);
  return (
    <header className={styles.header}>
      <Link href={HOME} className={styles.back} aria-label="Back to rooms">
        <Icon shape="back" size={22} />
      </Link>
      <span className={styles.mark}>
        <RoomIcon visibility={room?.visibility ?? 'public'} />
      </span>
      <div className={styles.names}>
        <h2 className={styles.name} dir="auto">
          {name}
        </h2>
        {room?.topic && (
          <p className={styles.topic} dir="auto">
            {room.topic}
          </p>
        )}
      </div>
      {catchingUp && (
        <p className={styles.catchingUp} role="status">
          Catching up…
        </p>
      )}
      {room && (
        <Button variant="icon" title="Members and settings" onClick={() => setAbout(true)}>
          <Icon shape="people" />
          <span className="visually-hidden">Members and settings</span>
        </Button>
      )}
      {room && about && (
        <AboutRoomDialog room={room} ownUserId={ownUserId} onClose={() => setAbout(false)} />
      )}
    </header>
  );
}
