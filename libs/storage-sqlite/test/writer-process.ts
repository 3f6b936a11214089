import { Worker } from 'node:worker_threads';
import type { WorkerResponse, WorkerData, WorkerRequest } from '../src/worker/protocol.ts';
import { ReadGate } from '../src/worker/read-gate.ts';
import { message } from './message.ts';

/**
 * Opens a data directory by the paths of its files and stores messages in one room until it is
 * killed, 20 at a time; prints `opened` or `open-failed`, and each seq once it is acknowledged.
 */
const [, , database = '', lock = '', first = '1'] = process.argv;
const workerData: WorkerData = { mode: 'write', database, lock, readGate: ReadGate.createMemory() };
const worker = new Worker(new URL('../src/worker/sqlite-worker.ts', import.meta.url), {
  workerData,
});
let next = Number(first);

function append(): void {
  const request: WorkerRequest = {
    id: next,
    operation: 'appendEntries',
    values: [[message(next)]],
  };
  next += 1;
  worker.postMessage(request);
}

worker.on('message', (response: WorkerResponse) => {
  if (response.type !== 'results') process.stdout.write(`${response.type}\n`);
  if (response.type === 'opened') for (let count = 0; count < 20; count += 1) append();
  if (response.type !== 'results') return;
  for (const { id, failure } of response.results) {
    process.stdout.write(failure ? `failed ${failure.message}\n` : `${id}\n`);
    append();
  }
});
