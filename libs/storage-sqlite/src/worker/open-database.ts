import { DatabaseSync } from 'node:sqlite';
import { migrate } from './migrations.ts';
import type { ReaderData, WriterData } from './protocol.ts';

/** How long one attempt to open a database waits for its lock. */
const LOCK_WAIT_MS = 250;
/** An empty transaction takes the locks at once; an idle connection would take them later. */
const FOR_WRITING = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'BEGIN IMMEDIATE',
  'COMMIT',
];

/** The connection that writes; the data directory is locked for this process while it is open. */
export interface LockedDatabase {
  readonly db: DatabaseSync;
  readonly close: () => void;
}

/**
 * Locks the data directory, then migrates and opens its database. The operating system releases
 * the lock when the process exits, however it exits.
 */
export function openLocked({ database, lock }: WriterData): LockedDatabase {
  // It stays empty, so it needs no journal on the disk.
  const locked = open(lock, ['PRAGMA journal_mode = MEMORY', 'BEGIN EXCLUSIVE']);
  try {
    migrateAlone(database);
    const db = open(database, FOR_WRITING);
    const close = (): void => {
      db.close();
      locked.close();
    };
    return { db, close };
  } catch (error) {
    locked.close();
    throw error;
  }
}

/** Opens a connection beside the one that writes. */
export function openReadOnly({ database }: ReaderData): DatabaseSync {
  return open(database, ['PRAGMA user_version'], { readOnly: true });
}

/**
 * Migrates the database while no other connection to it exists. This finds what does not respect
 * the lock of the directory: an earlier version of the server, which locks the database itself, or
 * a server whose lock file was deleted.
 */
function migrateAlone(database: string): void {
  const db = open(database, ['PRAGMA locking_mode = EXCLUSIVE', ...FOR_WRITING]);
  try {
    migrate(db);
  } finally {
    db.close();
  }
}

function open(
  file: string,
  statements: readonly string[],
  options: { readonly readOnly?: boolean } = {},
): DatabaseSync {
  const db = new DatabaseSync(file, { ...options, enableForeignKeyConstraints: true });
  try {
    // Older versions of Node have no option for this timeout.
    db.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    for (const statement of statements) db.exec(statement);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
