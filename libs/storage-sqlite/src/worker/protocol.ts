import type { OperationName } from './operations.ts';

/** Data that a worker is started with. */
export type WorkerData = WriterData | ReaderData;

/** Data of the worker that locks the data directory, and writes. */
export interface WriterData {
  readonly mode: 'write';
  readonly database: string;
  readonly lock: string;
  /** Shared memory of the {@link ReadGate}. */
  readonly readGate: SharedArrayBuffer;
}

/** Data of the worker that only reads. The writer has opened the database before it starts. */
export interface ReaderData {
  readonly mode: 'read';
  readonly database: string;
  readonly readGate: SharedArrayBuffer;
}

export interface OperationRequest {
  readonly id: number;
  readonly operation: OperationName;
  readonly values: readonly unknown[];
}

export type WorkerRequest = OperationRequest | 'close';

/** An error in a form that can be sent between threads. */
export interface WorkerFailure {
  readonly kind:
    | 'conflicting-writer'
    | 'rejected-message'
    | 'in-use'
    | 'newer-data'
    | 'corrupt-data'
    | 'unavailable'
    | 'internal';
  readonly message: string;
  readonly stack?: string;
}

export interface OperationResponse {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: WorkerFailure;
}

/** Messages from a worker; the results of one group commit are sent together. */
export type WorkerResponse =
  | { readonly type: 'opened' }
  | { readonly type: 'open-failed'; readonly failure: WorkerFailure }
  | { readonly type: 'results'; readonly results: readonly OperationResponse[] }
  | { readonly type: 'closed' };
