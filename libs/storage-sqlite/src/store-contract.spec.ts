import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  describeMessageStore,
  describeRoomStore,
  describeSessionStore,
  describeUserStore,
  type OpenStore,
} from '@chat/store-contract';
import { openSqliteStorage, type SqliteStorage } from './sqlite-storage.ts';

/**
 * Opens a store in a new data folder.
 *
 * @param prepare called with the data folder while its database is closed
 */
function opening<Name extends 'users' | 'sessions' | 'rooms' | 'messages'>(
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

const REFUSED_TEXT = 'refused by the database';

/** Makes the database refuse one text: none that fits into memory is too large for SQLite. */
function addRefusingTrigger(dataDir: string): void {
  const db = new DatabaseSync(join(dataDir, 'chat.sqlite'));
  db.exec(`CREATE TRIGGER refusing BEFORE INSERT ON messages WHEN NEW.text = '${REFUSED_TEXT}'
    BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  db.close();
}

describeUserStore('Sqlite', opening('users'));
describeSessionStore('Sqlite', opening('sessions'));
describeRoomStore('Sqlite', opening('rooms'));
describeMessageStore('Sqlite', opening('messages', addRefusingTrigger), { text: REFUSED_TEXT });
