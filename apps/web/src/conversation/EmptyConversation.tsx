import { chat } from '../app/chat.ts';
import { useObservable } from '../app/observable.ts';
import { Notice } from '../ui/Notice.tsx';
import styles from './EmptyConversation.module.css';

/** Replaces the message list while it is empty. */
export function EmptyConversation({ loading }: { loading: boolean }) {
  const { status } = useObservable(chat.connection);
  if (!loading) {
    return (
      <Notice title="No messages yet">
        <p>Say hello! Everyone who joins can read it.</p>
      </Notice>
    );
  }
  if (status === 'offline') {
    return (
      <Notice title="You’re offline">
        <p>Messages will appear when you reconnect.</p>
      </Notice>
    );
  }
  return <p className={styles.loading}>Loading messages…</p>;
}
