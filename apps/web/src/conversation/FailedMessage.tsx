import type { OutboxMessage } from '@chat/client';
import { chat } from '../app/chat.ts';
import { toUserMessage } from '../ui/user-message.ts';
import styles from './FailedMessage.module.css';

/** Error message for a rejected message, with actions to retry or discard it. */
export function FailedMessage({ entry }: { entry: OutboxMessage }) {
  return (
    <p className={styles.failed} role="alert">
      <span>Not sent. {toUserMessage(entry.error)}</span>
      <button type="button" onClick={() => chat.outbox.retry(entry.clientMessageId)}>
        Try again
      </button>
      <button type="button" onClick={() => chat.outbox.discard(entry.clientMessageId)}>
        Discard
      </button>
    </p>
  );
}
