import { failureOf } from './failure.ts';
import { READS, WRITER_READS, WRITES } from './operations.ts';
import type { OperationRequest, OperationResponse } from './protocol.ts';
import type { Statements } from './statements.ts';

type Operation = (db: Statements, ...values: unknown[]) => unknown;

const operations = new Map<string, Operation>(
  Object.entries({ ...READS, ...WRITER_READS, ...WRITES }) as [string, Operation][],
);

/** Runs a request; a failure is part of the response. */
export function runOperation(
  db: Statements,
  { id, operation, values }: OperationRequest,
): OperationResponse {
  try {
    const run = operations.get(operation);
    if (!run) throw new Error(`there is no operation ${operation}`);
    return { id, result: run(db, ...values) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}
