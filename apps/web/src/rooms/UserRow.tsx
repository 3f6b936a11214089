import type { ReactNode, Ref } from 'react';
import { Avatar } from '../ui/Avatar.tsx';
import styles from './UserRow.module.css';

interface UserRowProps {
  /** Makes the row focusable by code. */
  ref?: Ref<HTMLLIElement>;
  username: string;
  displayName: string;
  note?: string | undefined;
  badge?: string | undefined;
  /** Actions for this user. */
  children?: ReactNode;
}

/** A user in a list. */
export function UserRow({ ref, username, displayName, note, badge, children }: UserRowProps) {
  return (
    <li ref={ref} className={styles.user} tabIndex={ref ? -1 : undefined}>
      <Avatar name={username} size="small" />
      <span className={styles.names}>
        <span className={styles.name}>
          <bdi>{username}</bdi>
        </span>
        {displayName !== username && (
          <span className={styles.more}>
            <bdi>{displayName}</bdi>
          </span>
        )}
        {note && <span className={styles.more}>({note})</span>}
      </span>
      {badge && <span className={styles.badge}>{badge}</span>}
      {children}
    </li>
  );
}
