import type { DatabaseSync } from 'node:sqlite';
import { failureOf } from './failure.ts';
import { READS, WRITES } from './operations.ts';
import type { OperationAnswer, OperationRequest, WorkerFailure } from './protocol.ts';
import { Statements } from './statements.ts';

type Operation = (db: Statements, ...values: unknown[]) => unknown;

const operations = new Map<string, Operation>(
  Object.entries({ ...READS, ...WRITES }) as [string, Operation][],
);
const isWrite = (name: string): boolean => Object.hasOwn(WRITES, name);

/** SQLite has undone the whole transaction by itself, as it does when the disk is full. */
class LostTransaction extends Error {
  readonly failure: WorkerFailure;
  constructor(failure: WorkerFailure) {
    super('the transaction was lost');
    this.failure = failure;
  }
}

/**
 * Runs requests in their order, all writes among them in one transaction, so
 * that they share one write to the disk. A write that fails is undone alone.
 * Nothing is answered before the commit; if that fails, everything has failed.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = new Statements(db);
  }

  run(requests: readonly OperationRequest[]): OperationAnswer[] {
    if (!requests.some(({ operation }) => isWrite(operation))) {
      return requests.map((request) => this.#answer(request));
    }
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const answers = requests.map((request) => this.#answerAlone(request));
      this.#db.exec('COMMIT');
      return answers;
    } catch (error) {
      this.#rollBack();
      const failure = error instanceof LostTransaction ? error.failure : failureOf(error);
      return requests.map(({ id }) => ({ id, failure }));
    }
  }

  /** Reads too: an I/O error of a read can end the transaction as that of a write does. */
  #answerAlone(request: OperationRequest): OperationAnswer {
    this.#db.exec('SAVEPOINT request');
    const answer = this.#answer(request);
    if (answer.failure) this.#undo(answer.failure);
    this.#db.exec('RELEASE request');
    return answer;
  }

  #undo(failure: WorkerFailure): void {
    try {
      this.#db.exec('ROLLBACK TO request');
    } catch {
      throw new LostTransaction(failure);
    }
  }

  #rollBack(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has done it by itself; older versions of Node cannot be asked whether it has.
    }
  }

  #answer({ id, operation, values }: OperationRequest): OperationAnswer {
    try {
      const run = operations.get(operation);
      if (!run) throw new Error(`there is no operation ${operation}`);
      return { id, result: run(this.#statements, ...values) };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  }
}
