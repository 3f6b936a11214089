import { PositionConflictError, UnstorableMessageError } from './message-operations.ts';
import { NewerDataError } from './migrations.ts';
import type { WorkerFailure } from './protocol.ts';

const BUSY = 5;
/** Primary result codes of transient errors: busy, read-only, I/O error, disk full. */
const TRANSIENT = new Set([BUSY, 8, 10, 13]);
/** Primary result codes of a damaged file: corrupt, not a database. */
const DAMAGED = new Set([11, 26]);

export function failureOf(error: unknown): WorkerFailure {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && error.stack ? { stack: error.stack } : {};
  if (error instanceof PositionConflictError) return { kind: 'position-conflict', message };
  if (error instanceof UnstorableMessageError) return { kind: 'unstorable-message', message };
  if (error instanceof NewerDataError) return { kind: 'newer-data', message };
  const code = primaryCodeOf(error);
  if (DAMAGED.has(code)) return { kind: 'damaged-data', message, ...stack };
  return { kind: TRANSIENT.has(code) ? 'unavailable' : 'internal', message, ...stack };
}

export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === BUSY;
}

/** Returns the primary result code of SQLite, without its extension; 0 for other errors. */
function primaryCodeOf(error: unknown): number {
  const hasCode = typeof error === 'object' && error !== null && 'errcode' in error;
  return hasCode ? Number(error.errcode) & 0xff : 0;
}
