import { Icon } from '../ui/Icon.tsx';
import styles from './DeliveryMark.module.css';
import type { Delivery } from './shown-message.ts';

const MARKS = {
  unpersisted: { shape: 'clock', meaning: 'Waiting to be sent; lost if this page is closed now' },
  waiting: { shape: 'clock', meaning: 'Waiting to be sent' },
  sending: { shape: 'clock', meaning: 'Being sent' },
  stored: { shape: 'check', meaning: 'Stored' },
  failed: { shape: 'alert', meaning: 'Not sent' },
} as const;

/** How far an own message has come. */
export function DeliveryMark({ delivery }: { delivery: Delivery }) {
  const { shape, meaning } = MARKS[delivery];
  return (
    <span className={`${styles.mark} ${styles[delivery]}`} title={meaning}>
      <Icon shape={shape} size={15} />
      <span className="visually-hidden">{meaning}</span>
    </span>
  );
}
