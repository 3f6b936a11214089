import type { DatabaseSync } from 'node:sqlite';
import { failureOf } from './failure.ts';
import { WRITES } from './operations.ts';
import type { OperationResponse, OperationRequest, WorkerFailure } from './protocol.ts';
import { runOperation } from './run-operation.ts';
import { Statements } from './statements.ts';

const isWrite = (name: string): boolean => Object.hasOwn(WRITES, name);

/** SQLite has rolled back the whole transaction by itself, as it does when the disk is full. */
class TransactionLostError extends Error {
  readonly failure: WorkerFailure;
  constructor(failure: WorkerFailure) {
    super('the transaction was lost');
    this.failure = failure;
  }
}

/**
 * Runs requests in order, with all writes in one transaction, so that they share one write
 * to the disk. A failed write is rolled back on its own. No result is returned before the
 * commit; if the commit fails, every request fails.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = new Statements(db);
  }

  run(requests: readonly OperationRequest[]): OperationResponse[] {
    if (!requests.some(({ operation }) => isWrite(operation))) {
      return requests.map((request) => runOperation(this.#statements, request));
    }
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const results = requests.map((request) => this.#runInSavepoint(request));
      this.#db.exec('COMMIT');
      return results;
    } catch (error) {
      this.#rollBack();
      const failure = error instanceof TransactionLostError ? error.failure : failureOf(error);
      return requests.map(({ id }) => ({ id, failure }));
    }
  }

  /** Runs a request in a savepoint; even a read, as its I/O error can roll back the transaction. */
  #runInSavepoint(request: OperationRequest): OperationResponse {
    this.#db.exec('SAVEPOINT request');
    const result = runOperation(this.#statements, request);
    if (result.failure) this.#rollBackRequest(result.failure);
    this.#db.exec('RELEASE request');
    return result;
  }

  #rollBackRequest(failure: WorkerFailure): void {
    try {
      this.#db.exec('ROLLBACK TO request');
    } catch {
      throw new TransactionLostError(failure);
    }
  }

  #rollBack(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself; older versions of Node do not report whether it has.
    }
  }
}
