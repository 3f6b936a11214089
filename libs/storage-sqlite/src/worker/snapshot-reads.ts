import type { DatabaseSync } from 'node:sqlite';
import { failureOf } from './failure.ts';
import type { OperationRequest, OperationResponse } from './protocol.ts';
import type { ReadGate } from './read-gate.ts';
import { runOperation } from './run-operation.ts';
import { Statements } from './statements.ts';

/**
 * Runs each request in a transaction of its own: its statements read one snapshot, which contains
 * everything that was committed before.
 */
export class SnapshotReads {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #gate: ReadGate;

  constructor(db: DatabaseSync, gate: ReadGate) {
    this.#db = db;
    this.#statements = new Statements(db);
    this.#gate = gate;
  }

  run(request: OperationRequest): OperationResponse {
    this.#gate.pass();
    try {
      this.#db.exec('BEGIN');
      return runOperation(this.#statements, request);
    } catch (error) {
      return { id: request.id, failure: failureOf(error) };
    } finally {
      this.#end();
    }
  }

  #end(): void {
    try {
      this.#db.exec('COMMIT');
    } catch {
      // The transaction has not begun, or SQLite has rolled it back after a failure.
    }
  }
}
