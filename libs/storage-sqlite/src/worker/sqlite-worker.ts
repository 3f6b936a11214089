import { parentPort, workerData } from 'node:worker_threads';
import { failureOf, isBusy } from './failure.ts';
import { GroupCommit } from './group-commit.ts';
import { openLocked, openReadOnly } from './open-database.ts';
import type {
  OperationRequest,
  ReaderData,
  WorkerData,
  WorkerRequest,
  WorkerResponse,
  WriterData,
} from './protocol.ts';
import { ReadGate } from './read-gate.ts';
import { SnapshotReads } from './snapshot-reads.ts';
import { WalLimit } from './wal-limit.ts';

const port = parentPort;
if (!port) throw new Error('the SQLite worker must run in a worker thread');
const send = (message: WorkerResponse): void => port.postMessage(message);

/** Runs all requests that have arrived in one transaction. */
function serveWrites(data: WriterData): void {
  const { db, close } = openLocked(data);
  const commits = new GroupCommit(db);
  const walLimit = new WalLimit(db, data.database, new ReadGate(data.readGate));
  let pending: OperationRequest[] = [];
  const flush = (): void => {
    const batch = pending;
    pending = [];
    send({ type: 'results', results: commits.run(batch) });
    walLimit.enforce();
  };
  port?.on('message', (request: WorkerRequest) => {
    if (request === 'close') {
      if (pending.length > 0) flush();
      close();
      finish();
    } else if (pending.push(request) === 1) {
      setImmediate(() => pending.length > 0 && flush());
    }
  });
}

/** Runs requests one by one, so that no result waits for a later read. */
function serveReads(data: ReaderData): void {
  const db = openReadOnly(data);
  const reads = new SnapshotReads(db, new ReadGate(data.readGate));
  port?.on('message', (request: WorkerRequest) => {
    if (request === 'close') {
      db.close();
      finish();
    } else {
      send({ type: 'results', results: [reads.run(request)] });
    }
  });
}

function finish(): void {
  send({ type: 'closed' });
  port?.close();
}

try {
  const data = workerData as WorkerData;
  if (data.mode === 'write') serveWrites(data);
  else serveReads(data);
  send({ type: 'opened' });
} catch (error) {
  const failure = failureOf(error);
  send({ type: 'open-failed', failure: isBusy(error) ? { ...failure, kind: 'in-use' } : failure });
  port.close();
}
