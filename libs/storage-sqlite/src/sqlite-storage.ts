import { prepareDataFolder } from './data-folder.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteMessageStore } from './stores/sqlite-message-store.ts';
import { SqliteRoomStore } from './stores/sqlite-room-store.ts';
import { SqliteSessionStore } from './stores/sqlite-session-store.ts';
import { SqliteUserStore } from './stores/sqlite-user-store.ts';

/** Every store, in one SQLite database that belongs to this process alone. */
export interface SqliteStorage {
  readonly users: SqliteUserStore;
  readonly sessions: SqliteSessionStore;
  readonly rooms: SqliteRoomStore;
  readonly messages: SqliteMessageStore;
  /** Rejects when the database cannot be read. */
  check(): Promise<void>;
  /** Finishes what was asked before; later calls reject. */
  close(): Promise<void>;
}

/**
 * Opens the database in a data folder, making both where they are missing.
 *
 * @param options.onFailure told once, when nothing can be stored any more; the process should end
 * @throws DataFolderInUseError, DataFolderUnusableError
 */
export async function openSqliteStorage(options: {
  readonly dataDir: string;
  readonly onFailure: (error: Error) => void;
}): Promise<SqliteStorage> {
  const file = prepareDataFolder(options.dataDir);
  const connection = await SqliteConnection.open(file, options.onFailure);
  return {
    users: new SqliteUserStore(connection),
    sessions: new SqliteSessionStore(connection),
    rooms: new SqliteRoomStore(connection),
    messages: new SqliteMessageStore(connection),
    check: () => connection.call('check'),
    close: () => connection.close(),
  };
}
