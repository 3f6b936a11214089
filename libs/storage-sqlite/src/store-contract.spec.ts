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

/** @param prepare is given the data folder of a database that nothing has open */
function opening<Part extends 'users' | 'sessions' | 'rooms' | 'messages'>(
  part: Part,
  prepare: (dataDir: string) => void = () => undefined,
): OpenStore<SqliteStorage[Part]> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'chat-sqlite-'));
    const open = () => openSqliteStorage({ dataDir, onFailure: () => undefined });
    await (await open()).close();
    prepare(dataDir);
    const storage = await open();
    return {
      store: storage[part],
      close: async () => {
        await storage.close();
        await rm(dataDir, { recursive: true });
      },
    };
  };
}

const REFUSED_TEXT = 'refused by the database';

/** No text that fits into memory is too large for SQLite, so the database gets a rule of its own. */
function addRule(dataDir: string): void {
  const db = new DatabaseSync(join(dataDir, 'chat.sqlite'));
  db.exec(`CREATE TRIGGER refusing BEFORE INSERT ON messages WHEN NEW.text = '${REFUSED_TEXT}'
    BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  db.close();
}

describeUserStore('Sqlite', opening('users'));
describeSessionStore('Sqlite', opening('sessions'));
describeRoomStore('Sqlite', opening('rooms'));
describeMessageStore('Sqlite', opening('messages', addRule), { text: REFUSED_TEXT });
