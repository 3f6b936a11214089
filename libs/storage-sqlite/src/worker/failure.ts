import { AppendError } from './message-operations.ts';
import { NewerDataError } from './migrations.ts';
import type { WorkerFailure } from './protocol.ts';

const BUSY = 5;
/** Primary result codes of transient errors: busy, read-only, I/O error, disk full, lost race. */
const TRANSIENT = new Set([BUSY, 8, 10, 13, 15]);
/** Primary result codes of a corrupt file: corrupt, not a database. */
const CORRUPT = new Set([11, 26]);

export function failureOf(error: unknown): WorkerFailure {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && error.stack ? { stack: error.stack } : {};
  if (error instanceof AppendError) return { kind: error.kind, message };
  if (error instanceof NewerDataError) return { kind: 'newer-data', message };
  const code = primaryCodeOf(error);
  if (CORRUPT.has(code)) return { kind: 'corrupt-data', message, ...stack };
  return { kind: TRANSIENT.has(code) ? 'unavailable' : 'internal', message, ...stack };
}

export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === BUSY;
}

/** Returns the primary SQLite result code (the low 8 bits of the extended code), or 0. */
function primaryCodeOf(error: unknown): number {
  const hasCode = typeof error === 'object' && error !== null && 'errcode' in error;
  return hasCode ? Number(error.errcode) & 0xff : 0;
}
