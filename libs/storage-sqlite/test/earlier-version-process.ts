import { DatabaseSync } from 'node:sqlite';

/**
 * Opens the database at the given path as the versions before the lock file did, until it is
 * killed; prints `opened` or `open-failed`.
 */
const db = new DatabaseSync(process.argv[2] ?? '');
try {
  db.exec('PRAGMA busy_timeout = 250');
  db.exec('PRAGMA locking_mode = EXCLUSIVE');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec('BEGIN IMMEDIATE');
  db.exec('COMMIT');
  process.stdout.write('opened\n');
  setInterval(() => db.isOpen, 1_000);
} catch {
  process.stdout.write('open-failed\n');
}
