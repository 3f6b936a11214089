import type { ReactNode } from 'react';
import styles from './Notice.module.css';

/** Fills an empty area with what happened and what to do. */
export function Notice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.notice}>
      <h2 className={styles.title}>{title}</h2>
      {children}
    </div>
  );
}
