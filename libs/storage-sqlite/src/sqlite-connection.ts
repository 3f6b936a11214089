import type { DataFiles } from './data-directory.ts';
import { SqliteThread } from './sqlite-thread.ts';
import {
  READS,
  type OperationArguments,
  type OperationName,
  type OperationResult,
} from './worker/operations.ts';
import { ReadGate } from './worker/read-gate.ts';

/**
 * The connection of this process to the database: one thread that writes, and another one that
 * only reads, so that reads and commits do not wait for each other.
 */
export class SqliteConnection {
  private constructor(
    private readonly writer: SqliteThread,
    private readonly reader: SqliteThread,
  ) {}

  /**
   * Starts the threads and opens the database in them.
   *
   * @param onFailure called once if a thread exits unexpectedly: the store cannot be used any more
   * @throws DataDirectoryInUseError, DataDirectoryUnusableError
   */
  static async open(
    files: DataFiles,
    onFailure: (error: Error) => void,
  ): Promise<SqliteConnection> {
    const readGate = ReadGate.createMemory();
    let failed = false;
    const fail = (error: Error): void => {
      if (!failed) onFailure(error);
      failed = true;
    };
    const writer = await SqliteThread.open({ mode: 'write', ...files, readGate }, fail);
    try {
      const { database } = files;
      const reader = await SqliteThread.open({ mode: 'read', database, readGate }, fail);
      return new SqliteConnection(writer, reader);
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  /**
   * Runs one operation. A write resolves once it is on disk; a read sees every write that was
   * resolved before it.
   *
   * @throws UnavailableError when a retry may succeed: overload, a full disk or an I/O error
   */
  call<Name extends OperationName>(
    operation: Name,
    ...values: OperationArguments<Name>
  ): Promise<OperationResult<Name>> {
    const thread = Object.hasOwn(READS, operation) ? this.reader : this.writer;
    return thread.call(operation, ...values);
  }

  /** Finishes pending calls, then closes the database. */
  async close(): Promise<void> {
    // The connection that closes last removes the write-ahead log, unless it only reads.
    await this.writer.close(this.reader.close());
  }
}
