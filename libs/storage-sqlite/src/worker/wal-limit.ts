import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { ReadGate } from './read-gate.ts';

/** Size from which the write-ahead log is emptied; without constant reads it stays at 4 MiB. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Bounds the size of the write-ahead log. SQLite overwrites the log from its beginning only when no
 * read is in progress, which may never happen under a constant load of reads.
 */
export class WalLimit {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #gate: ReadGate;
  #limit = WAL_LIMIT_BYTES;

  constructor(db: DatabaseSync, database: string, gate: ReadGate) {
    this.#db = db;
    this.#file = `${database}-wal`;
    this.#gate = gate;
  }

  /** Empties the log if it is too large. If a long read prevents that, the log grows further. */
  enforce(): void {
    const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#limit) return;
    this.#gate.close();
    const isEmpty = this.#truncate();
    this.#gate.open();
    this.#limit = isEmpty ? WAL_LIMIT_BYTES : size + WAL_LIMIT_BYTES;
  }

  #truncate(): boolean {
    try {
      return this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0;
    } catch {
      // The log keeps everything; a failing disk shows in the next write.
      return false;
    }
  }
}
