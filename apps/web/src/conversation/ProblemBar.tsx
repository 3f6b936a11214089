import type { ReactNode } from 'react';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import styles from './ProblemBar.module.css';

/** Reports what failed, until the user dismisses it. */
export function ProblemBar({
  children,
  onDismiss,
}: {
  children: ReactNode;
  onDismiss: () => void;
}) {
  return (
    <div className={styles.bar} role="alert">
      <div className={styles.text}>{children}</div>
      <Button variant="icon" aria-label="Dismiss" title="Dismiss" onClick={onDismiss}>
        <Icon shape="close" size={18} />
      </Button>
    </div>
  );
}
