import type { ReactNode } from 'react';
import { Avatar } from '../ui/Avatar.tsx';
import styles from './PersonRow.module.css';

interface PersonRowProps {
  username: string;
  displayName: string;
  note?: string | undefined;
  badge?: string | undefined;
  /** What can be done about this person. */
  children?: ReactNode;
}

/** A person in a list. */
export function PersonRow({ username, displayName, note, badge, children }: PersonRowProps) {
  return (
    <li className={styles.person}>
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
