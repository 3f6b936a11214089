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

/** The signed-in user, with a button to sign out. */
export function OwnAccount({ user }: { user: OwnUser }) {
  const { entries } = useObservable(chat.outbox);
  const unsent = entries.filter((entry) => entry.state !== 'sent').length;
  const [confirming, setConfirming] = useState(false);
  function signOut() {
    // The next user to sign in must not enter the room that was open.
    navigate(HOME, { replace: true });
    void chat.session.logout();
  }

  return (
    <footer className={styles.account}>
      <Avatar name={user.username} size="small" />
      <span className={styles.names}>
        <span className={styles.name}>
          <bdi>{user.username}</bdi>
        </span>
        <span className={styles.email}>{user.email}</span>
      </span>
      <Button
        variant="icon"
        title="Sign out"
        onClick={() => (unsent > 0 ? setConfirming(true) : signOut())}
      >
        <Icon shape="leave" />
        <span className="visually-hidden">Sign out</span>
      </Button>
      {confirming && (
        <Dialog title="Sign out now?" onClose={() => setConfirming(false)}>
          <p>
            {unsent === 1
              ? '1 message or change isn’t sent yet. It stays'
              : `${unsent} messages and changes aren’t sent yet. They stay`}{' '}
            on this device and will be sent when you sign in here again.
          </p>
          <div className={styles.choice}>
            <Button variant="quiet" onClick={() => setConfirming(false)}>
              Stay signed in
            </Button>
            <Button onClick={signOut}>Sign out</Button>
          </div>
        </Dialog>
      )}
    </footer>
  );
}
