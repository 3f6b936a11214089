import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { OutboxStorage, StoredEntry } from './outbox-storage.ts';

interface OutboxSchema extends DBSchema {
  /** Keyed by an auto-increment number: the order of sending. */
  entries: { key: number; value: StoredEntry; indexes: { clientMessageId: string } };
}

/** Stores one user's unsent commands in IndexedDB, shared by all tabs of one origin. */
export function indexedDbOutbox(userId: string): OutboxStorage {
  let opened: Promise<IDBPDatabase<OutboxSchema>> | undefined;
  const forget = (): void => {
    opened = undefined;
  };
  const database = (): Promise<IDBPDatabase<OutboxSchema>> => {
    opened ??= open(userId, forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    return opened;
  };

  return {
    async load() {
      return (await database()).getAll('entries');
    },
    async put(entry) {
      const transaction = (await database()).transaction('entries', 'readwrite');
      const key = await transaction.store.index('clientMessageId').getKey(entry.clientMessageId);
      await transaction.store.put(entry, key);
      await transaction.done;
    },
    async has(clientMessageId) {
      const count = await (
        await database()
      ).countFromIndex('entries', 'clientMessageId', clientMessageId);
      return count > 0;
    },
    async remove(clientMessageId) {
      const transaction = (await database()).transaction('entries', 'readwrite');
      const key = await transaction.store.index('clientMessageId').getKey(clientMessageId);
      if (key !== undefined) await transaction.store.delete(key);
      await transaction.done;
    },
    close() {
      opened?.then((db) => db.close()).catch(() => undefined);
      forget();
    },
  };
}

function open(userId: string, onClosed: () => void): Promise<IDBPDatabase<OutboxSchema>> {
  return openDB<OutboxSchema>(`chat-outbox-${userId}`, 1, {
    upgrade(db) {
      const store = db.createObjectStore('entries', { autoIncrement: true });
      store.createIndex('clientMessageId', 'clientMessageId', { unique: true });
    },
    // A newer version of the page needs to upgrade the database: close it, and reopen it on demand.
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      onClosed();
    },
    terminated: onClosed,
  });
}
