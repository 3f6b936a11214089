import type { OperationName } from './operations.ts';

/** Data that the worker is started with. */
export interface WorkerData {
  readonly file: string;
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

/** Messages from the worker; the results of one group commit are sent together. */
export type WorkerResponse =
  | { readonly type: 'opened' }
  | { readonly type: 'open-failed'; readonly failure: WorkerFailure }
  | { readonly type: 'results'; readonly results: readonly OperationResponse[] }
  | { readonly type: 'closed' };
