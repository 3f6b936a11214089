import type { OwnUser } from '@chat/contracts';
import { useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { FindRoomsDialog } from './FindRoomsDialog.tsx';
import { NewRoomDialog } from './NewRoomDialog.tsx';
import { OwnAccount } from './OwnAccount.tsx';
import { RoomList } from './RoomList.tsx';
import styles from './RoomsPane.module.css';

interface RoomsPaneProps {
  user: OwnUser;
  currentRoomId: string | undefined;
}

/** The user's rooms, with buttons to find and create rooms, and the account. */
export function RoomsPane({ user, currentRoomId }: RoomsPaneProps) {
  const [dialog, setDialog] = useState<'find' | 'new'>();
  const close = () => setDialog(undefined);
  return (
    <div className={styles.pane}>
      <header className={styles.header}>
        <h1 className={styles.title}>Rooms</h1>
        <Button variant="icon" title="Find rooms" onClick={() => setDialog('find')}>
          <Icon shape="search" />
          <span className="visually-hidden">Find rooms</span>
        </Button>
        <Button variant="icon" title="New room" onClick={() => setDialog('new')}>
          <Icon shape="plus" />
          <span className="visually-hidden">New room</span>
        </Button>
      </header>
      <nav className={styles.rooms} aria-label="My rooms">
        <RoomList user={user} currentRoomId={currentRoomId} />
      </nav>
      <OwnAccount user={user} />
      {dialog === 'find' && <FindRoomsDialog onClose={close} onNew={() => setDialog('new')} />}
      {dialog === 'new' && <NewRoomDialog onClose={close} />}
    </div>
  );
}
