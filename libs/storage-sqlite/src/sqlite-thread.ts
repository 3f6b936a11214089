import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ConflictingWriterError, RejectedMessageError } from '@chat/messages';
import { UnavailableError } from '@chat/platform/failures';
import { DataDirectoryInUseError, DataDirectoryUnusableError } from './data-directory.ts';
import type { OperationArguments, OperationName, OperationResult } from './worker/operations.ts';
import type {
  OperationResponse,
  WorkerResponse,
  WorkerData,
  WorkerFailure,
  WorkerRequest,
} from './worker/protocol.ts';

/** Maximum number of pending calls; further calls are rejected. */
const MAX_PENDING = 20_000;
const RETRY_AFTER_MS = 1_000;

// Node runs the worker from its TypeScript source in tests, and from the build otherwise.
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const WORKER = new URL(`./worker/sqlite-worker.${EXTENSION}`, import.meta.url);

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A dedicated thread with a connection to the database: a slow disk does not block the event loop. */
export class SqliteThread {
  readonly #pending = new Map<number, PendingCall>();
  readonly #worker: Worker;
  readonly #onFailure: (error: Error) => void;
  #lastId = 0;
  #closeReason: Error | undefined;

  private constructor(worker: Worker, onFailure: (error: Error) => void) {
    this.#worker = worker;
    this.#onFailure = onFailure;
  }

  /**
   * Starts the thread and opens the database in it.
   *
   * @param onFailure called once if the thread exits unexpectedly
   * @throws DataDirectoryInUseError, DataDirectoryUnusableError
   */
  static async open(
    workerData: WorkerData,
    onFailure: (error: Error) => void,
  ): Promise<SqliteThread> {
    const name = workerData.mode === 'write' ? 'sqlite-writer' : 'sqlite-reader';
    const worker = new Worker(WORKER, { workerData, name, execArgv: [] });
    const thread = new SqliteThread(worker, onFailure);
    const opened = Promise.withResolvers<void>();
    worker.on('message', (message: WorkerResponse) => {
      if (message.type === 'opened') opened.resolve();
      if (message.type === 'open-failed')
        opened.reject(openError(message.failure, dirname(workerData.database)));
      if (message.type === 'results') for (const result of message.results) thread.#settle(result);
    });
    const exitError = (code: number): Error =>
      new Error(`the thread ${name} exited with code ${code}`);
    worker.once('error', opened.reject);
    worker.once('exit', (code) => opened.reject(exitError(code)));
    await opened.promise;
    worker.on('error', (error: Error) => thread.#fail(error));
    worker.on('exit', (code) => thread.#fail(exitError(code)));
    return thread;
  }

  /**
   * Runs one operation in the thread; a write resolves once it is on disk.
   *
   * @throws UnavailableError when a retry may succeed: overload, a full disk or an I/O error
   */
  call<Name extends OperationName>(
    operation: Name,
    ...values: OperationArguments<Name>
  ): Promise<OperationResult<Name>> {
    if (this.#closeReason) return Promise.reject(this.#closeReason);
    if (this.#pending.size >= MAX_PENDING) {
      return Promise.reject(
        new UnavailableError('The server is overloaded. Please try again.', RETRY_AFTER_MS),
      );
    }
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, {
        resolve: (result) => resolve(result as OperationResult<Name>),
        reject,
      });
      this.#post({ id, operation, values });
    });
  }

  /** Rejects further calls, finishes pending ones and, after `before`, closes the database. */
  async close(before?: Promise<void>): Promise<void> {
    if (this.#closeReason) return;
    this.#closeReason = new UnavailableError('The server is shutting down.', RETRY_AFTER_MS);
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    await before;
    this.#post('close');
    await exited;
  }

  #post(request: WorkerRequest): void {
    this.#worker.postMessage(request);
  }

  #settle({ id, result, failure }: OperationResponse): void {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    if (failure) call?.reject(toError(failure));
    else call?.resolve(result);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    if (this.#closeReason) return;
    this.#closeReason = error;
    this.#onFailure(error);
  }
}

function openError(failure: WorkerFailure, directory: string): Error {
  switch (failure.kind) {
    case 'in-use':
      return new DataDirectoryInUseError(directory);
    case 'corrupt-data':
      return new DataDirectoryUnusableError(
        directory,
        'the database in it is damaged or is not an SQLite database.',
      );
    case 'newer-data':
    case 'unavailable':
      return new DataDirectoryUnusableError(directory, failure.message);
    default:
      return toError(failure);
  }
}

function toError({ kind, message, stack }: WorkerFailure): Error {
  const cause = Object.assign(new Error(message), stack === undefined ? {} : { stack });
  switch (kind) {
    case 'conflicting-writer':
      return new ConflictingWriterError(message);
    case 'rejected-message':
      return new RejectedMessageError(message);
    case 'unavailable':
      return new UnavailableError(
        'The service is temporarily unavailable. Please try again shortly.',
        RETRY_AFTER_MS,
        cause,
      );
    default:
      return cause;
  }
}
