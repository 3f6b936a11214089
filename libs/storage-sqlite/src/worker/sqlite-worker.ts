import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { failureOf, isBusy } from './failure.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrations.ts';
import type { OperationRequest, WorkerResponse, WorkerData, WorkerRequest } from './protocol.ts';

/** How long one attempt to open the database waits for its lock. */
const LOCK_WAIT_MS = 250;

const port = parentPort;
if (!port) throw new Error('the SQLite worker must run in a worker thread');
const send = (message: WorkerResponse): void => port.postMessage(message);

/**
 * Opens the database for this process only. The operating system releases the lock on
 * the file when the process exits, however it exits.
 */
function open(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: true });
  try {
    // Older versions of Node have no option for this timeout.
    db.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec('BEGIN IMMEDIATE');
    db.exec('COMMIT');
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function serve(db: DatabaseSync): void {
  const commits = new GroupCommit(db);
  let pending: OperationRequest[] = [];
  const flush = (): void => {
    const batch = pending;
    pending = [];
    send({ type: 'results', results: commits.run(batch) });
  };
  port?.on('message', (request: WorkerRequest) => {
    if (request === 'close') {
      if (pending.length > 0) flush();
      db.close();
      send({ type: 'closed' });
      port.close();
      return;
    }
    if (pending.push(request) === 1) setImmediate(() => pending.length > 0 && flush());
  });
}

try {
  const db = open((workerData as WorkerData).file);
  serve(db);
  send({ type: 'opened' });
} catch (error) {
  const failure = failureOf(error);
  send({ type: 'open-failed', failure: isBusy(error) ? { ...failure, kind: 'in-use' } : failure });
  port.close();
}
