import { chat } from '../app/chat.ts';
import { useObservable } from '../app/observable.ts';
import { Notice } from '../ui/Notice.tsx';
import styles from './EmptyConversation.module.css';

/** Stands where the messages will be. */
export function EmptyConversation({ loading }: { loading: boolean }) {
  const { status } = useObservable(chat.connection);
  if (!loading) {
    return (
      <Notice title="Nothing here yet">
        <p>Say hello. Whoever comes later will find it.</p>
      </Notice>
    );
  }
  if (status === 'offline') {
    return (
      <Notice title="Not connected">
        <p>The messages of this room appear as soon as there is a connection.</p>
      </Notice>
    );
  }
  return <p className={styles.loading}>Loading messages…</p>;
}
