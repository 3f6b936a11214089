import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  describeMessageLog,
  describeMessageStore,
  describeRoomStore,
  describeSessionStore,
  describeUserStore,
  type OpenStore,
} from '@chat/store-contract';
import { openSqliteStorage, type SqliteStorage } from './sqlite-storage.ts';

/**
 * Returns a function that opens a store in a new data directory.
 *
 * @param prepare called with the data directory while its database is closed
 */
function storeOpener<Name extends 'users' | 'sessions' | 'rooms' | 'messages'>(
  name: Name,
  prepare: (dataDir: string) => void = () => undefined,
): OpenStore<SqliteStorage[Name]> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'chat-sqlite-'));
    const open = () => openSqliteStorage({ dataDir, onFailure: () => undefined });
    await (await open()).close();
    prepare(dataDir);
    const storage = await open();
    return {
      store: storage[name],
      close: async () => {
        await storage.close();
        await rm(dataDir, { recursive: true });
      },
    };
  };
}

const UNSTORABLE_TEXT = 'rejected by the database';

/** Makes the database reject one text: no text that fits into memory is too large for SQLite. */
function addRejectingTrigger(dataDir: string): void {
  const db = new DatabaseSync(join(dataDir, 'chat.sqlite'));
  for (const statement of ['INSERT', 'UPDATE']) {
    db.exec(`CREATE TRIGGER rejecting_${statement} BEFORE ${statement} ON messages
      WHEN NEW.text = '${UNSTORABLE_TEXT}' BEGIN SELECT RAISE(ABORT, 'rejected'); END`);
  }
  db.close();
}

describeUserStore('Sqlite', storeOpener('users'));
describeSessionStore('Sqlite', storeOpener('sessions'));
describeRoomStore('Sqlite', storeOpener('rooms'));
describeMessageStore('Sqlite', storeOpener('messages', addRejectingTrigger), {
  text: UNSTORABLE_TEXT,
});
describeMessageLog('Sqlite', storeOpener('messages', addRejectingTrigger), UNSTORABLE_TEXT);
