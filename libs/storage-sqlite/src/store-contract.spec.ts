import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeMessageStore,
  describeRoomStore,
  describeSessionStore,
  describeUserStore,
  type OpenStore,
} from '@chat/store-contract';
import { openSqliteStorage, type SqliteStorage } from './sqlite-storage.ts';

function opening<Part extends 'users' | 'sessions' | 'rooms' | 'messages'>(
  part: Part,
): OpenStore<SqliteStorage[Part]> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'chat-sqlite-'));
    const storage = await openSqliteStorage({ dataDir, onFailure: () => undefined });
    return {
      store: storage[part],
      close: async () => {
        await storage.close();
        await rm(dataDir, { recursive: true });
      },
    };
  };
}

describeUserStore('SQLite', opening('users'));
describeSessionStore('SQLite', opening('sessions'));
describeRoomStore('SQLite', opening('rooms'));
describeMessageStore('SQLite', opening('messages'));
