import type { ReactNode } from 'react';
import { Avatar } from '../ui/Avatar.tsx';
import styles from './UserRow.module.css';

interface UserRowProps {
  username: string;
  displayName: string;
  note?: string | undefined;
  badge?: string | undefined;
  /** Actions for this user. */
  children?: ReactNode;
}

/** A user in a list. */
export function UserRow({ username, displayName, note, badge, children }: UserRowProps) {
  return (
    <li className={styles.user}>
      <Avatar name={username} size="small" />
      <span className={styles.names}>
        <span className={styles.name}>{username}</span>
        {displayName !== username && <span className={styles.more}>{displayName}</span>}
        {note && <span className={styles.more}>({note})</span>}
      </span>
      {badge && <span className={styles.badge}>{badge}</span>}
      {children}
    </li>
  );
}
