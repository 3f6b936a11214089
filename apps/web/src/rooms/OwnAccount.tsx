import type { OwnUser } from '@chat/contracts';
import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { HOME, navigate } from '../app/location.ts';
import { useObservable } from '../app/observable.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import styles from './OwnAccount.module.css';

/** Who is signed in, and the way out. */
export function OwnAccount({ user }: { user: OwnUser }) {
  const { entries } = useObservable(chat.outbox);
  const unsent = entries.filter((entry) => entry.state !== 'sent').length;
  const [asking, setAsking] = useState(false);
  function signOut() {
    // Whoever signs in next does not mean to enter the room that was open.
    navigate(HOME, { replace: true });
    void chat.session.logout();
  }

  return (
    <footer className={styles.account}>
      <Avatar name={user.username} size="small" />
      <span className={styles.names}>
        <span className={styles.name}>{user.username}</span>
        <span className={styles.email}>{user.email}</span>
      </span>
      <Button
        look="icon"
        title="Sign out"
        onClick={() => (unsent > 0 ? setAsking(true) : signOut())}
      >
        <Icon shape="leave" />
        <span className="visually-hidden">Sign out</span>
      </Button>
      {asking && (
        <Dialog title="Sign out now?" onClose={() => setAsking(false)}>
          <p>
            {unsent === 1 ? 'A message is' : `${unsent} messages are`} not sent yet. They stay on
            this device and are sent when you sign in here again.
          </p>
          <div className={styles.choice}>
            <Button look="quiet" onClick={() => setAsking(false)}>
              Stay signed in
            </Button>
            <Button onClick={signOut}>Sign out</Button>
          </div>
        </Dialog>
      )}
    </footer>
  );
}
