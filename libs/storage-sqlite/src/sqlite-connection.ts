import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ConflictingWriterError, RefusedMessageError } from '@chat/messages';
import { UnavailableError } from '@chat/platform';
import { DataFolderInUseError, DataFolderUnusableError } from './data-folder.ts';
import type { OperationArguments, OperationName, OperationResult } from './worker/operations.ts';
import type {
  OperationAnswer,
  WorkerAnswer,
  WorkerData,
  WorkerFailure,
  WorkerRequest,
} from './worker/protocol.ts';

/** Most requests that may wait for the disk. */
const MAX_WAITING = 20_000;
const RETRY_AFTER_MS = 1_000;

// Node runs the worker from its source in tests, and from what was built of it otherwise.
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const WORKER = new URL(`./worker/sqlite-worker.${EXTENSION}`, import.meta.url);

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The one connection to the database, in a thread of its own, so that a slow disk blocks nobody. */
export class SqliteConnection {
  readonly #waiting = new Map<number, Waiting>();
  readonly #worker: Worker;
  readonly #onFailure: (error: Error) => void;
  #lastId = 0;
  #gone: Error | undefined;

  private constructor(worker: Worker, onFailure: (error: Error) => void) {
    this.#worker = worker;
    this.#onFailure = onFailure;
  }

  /**
   * @param onFailure told once, when the thread has died: nothing can be stored any more
   * @throws DataFolderInUseError, DataFolderUnusableError
   */
  static async open(file: string, onFailure: (error: Error) => void): Promise<SqliteConnection> {
    const workerData: WorkerData = { file };
    const worker = new Worker(WORKER, { workerData, name: 'sqlite', execArgv: [] });
    const connection = new SqliteConnection(worker, onFailure);
    const opened = Promise.withResolvers<void>();
    worker.on('message', (answer: WorkerAnswer) => {
      if (answer.type === 'opened') opened.resolve();
      if (answer.type === 'refused') opened.reject(refusal(answer.failure, dirname(file)));
      if (answer.type === 'answers') for (const one of answer.answers) connection.#settle(one);
    });
    const ended = (code: number): Error => new Error(`the SQLite thread ended with ${code}`);
    worker.once('error', opened.reject);
    worker.once('exit', (code) => opened.reject(ended(code)));
    await opened.promise;
    worker.on('error', (error: Error) => connection.#fail(error));
    worker.on('exit', (code) => connection.#fail(ended(code)));
    return connection;
  }

  /**
   * Runs one operation in the thread; a write resolves when it is on the disk.
   *
   * @throws UnavailableError when it may succeed later: too much waits, the disk is full or fails
   */
  call<Name extends OperationName>(
    operation: Name,
    ...values: OperationArguments<Name>
  ): Promise<OperationResult<Name>> {
    if (this.#gone) return Promise.reject(this.#gone);
    if (this.#waiting.size >= MAX_WAITING) {
      return Promise.reject(new UnavailableError('The store is overloaded.', RETRY_AFTER_MS));
    }
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: (result) => resolve(result as OperationResult<Name>),
        reject,
      });
      this.#post({ id, operation, values });
    });
  }

  /** Finishes what was asked before, then closes the database. */
  async close(): Promise<void> {
    if (this.#gone) return;
    this.#gone = new UnavailableError('The store is closed.', RETRY_AFTER_MS);
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#post('close');
    await exited;
  }

  #post(request: WorkerRequest): void {
    this.#worker.postMessage(request);
  }

  #settle({ id, result, failure }: OperationAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure) waiting?.reject(errorOf(failure));
    else waiting?.resolve(result);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    if (this.#gone) return;
    this.#gone = error;
    this.#onFailure(error);
  }
}

function refusal(failure: WorkerFailure, folder: string): Error {
  switch (failure.kind) {
    case 'in-use':
      return new DataFolderInUseError(folder);
    case 'damaged-data':
      return new DataFolderUnusableError(folder, 'the database in it is damaged, or is none.');
    case 'newer-data':
    case 'unavailable':
      return new DataFolderUnusableError(folder, failure.message);
    default:
      return errorOf(failure);
  }
}

function errorOf({ kind, message, stack }: WorkerFailure): Error {
  const cause = Object.assign(new Error(message), stack === undefined ? {} : { stack });
  switch (kind) {
    case 'claimed-position':
      return new ConflictingWriterError(message);
    case 'unstorable-message':
      return new RefusedMessageError(message);
    case 'unavailable':
      return new UnavailableError('The store cannot write at the moment.', RETRY_AFTER_MS, cause);
    default:
      return cause;
  }
}
