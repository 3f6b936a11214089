import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataDirectoryInUseError, prepareDataDirectory, type DataFiles } from './data-directory.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteMessageStore } from './stores/sqlite-message-store.ts';
import { SqliteRoomStore } from './stores/sqlite-room-store.ts';
import { SqliteSessionStore } from './stores/sqlite-session-store.ts';
import { SqliteUserStore } from './stores/sqlite-user-store.ts';

/** Maximum wait for another process that uses the data directory to exit: it may be draining. */
const LOCK_WAIT_MS = 10_000;
const LOCK_RETRY_MS = 100;

/** All stores, in one SQLite database, whose directory is locked for this process. */
export interface SqliteStorage {
  readonly users: SqliteUserStore;
  readonly sessions: SqliteSessionStore;
  readonly rooms: SqliteRoomStore;
  readonly messages: SqliteMessageStore;
  /** Rejects when the database cannot be read. */
  check(): Promise<void>;
  /** Finishes pending calls, then closes the database; later calls reject. */
  close(): Promise<void>;
}

/**
 * Opens the database in a data directory, creating both if they are missing. Waits
 * up to 10 s while another process uses the directory, and logs the wait.
 *
 * @param options.onFailure called once the store cannot be used any more; the process should exit
 * @throws DataDirectoryInUseError, DataDirectoryUnusableError
 */
export async function openSqliteStorage(options: {
  readonly dataDir: string;
  readonly onFailure: (error: Error) => void;
}): Promise<SqliteStorage> {
  const files = prepareDataDirectory(options.dataDir);
  const connection = await openWhenUnlocked(files, options);
  return {
    users: new SqliteUserStore(connection),
    sessions: new SqliteSessionStore(connection),
    rooms: new SqliteRoomStore(connection),
    messages: new SqliteMessageStore(connection),
    check: () => connection.call('check'),
    close: () => connection.close(),
  };
}

async function openWhenUnlocked(
  files: DataFiles,
  { dataDir, onFailure }: { dataDir: string; onFailure: (error: Error) => void },
): Promise<SqliteConnection> {
  const begin = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await SqliteConnection.open(files, onFailure);
    } catch (error) {
      const timedOut = performance.now() - begin > LOCK_WAIT_MS;
      if (!(error instanceof DataDirectoryInUseError) || timedOut) throw error;
      if (attempt === 1) {
        new Logger('SqliteStorage').warn(
          { dataDir, waitMs: LOCK_WAIT_MS },
          'data directory in use by another process; waiting for it to end',
        );
      }
      await delay(LOCK_RETRY_MS);
    }
  }
}
