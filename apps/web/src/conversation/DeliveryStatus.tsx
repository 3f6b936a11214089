import { Icon } from '../ui/Icon.tsx';
import styles from './DeliveryStatus.module.css';
import type { Delivery } from './shown-message.ts';

const STATUSES = {
  unpersisted: { shape: 'clock', label: 'Waiting to be sent. Don’t close this page yet.' },
  waiting: { shape: 'clock', label: 'Waiting to be sent' },
  sending: { shape: 'clock', label: 'Sending' },
  stored: { shape: 'check', label: 'Sent' },
  unsaved: { shape: 'clock', label: 'Change waiting to be saved' },
  failed: { shape: 'alert', label: 'Not sent' },
} as const;

/** Delivery status of one of the user's own messages. */
export function DeliveryStatus({ delivery }: { delivery: Delivery }) {
  const { shape, label } = STATUSES[delivery];
  return (
    <span className={`${styles.mark} ${styles[delivery]}`} title={label}>
      <Icon shape={shape} size={15} />
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
