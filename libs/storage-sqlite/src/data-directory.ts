import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError } from '@chat/platform/failures';

const DATABASE = 'chat.sqlite';
const LOCK = 'lock.sqlite';

/** The files in a data directory that the store opens. */
export interface DataFiles {
  readonly database: string;
  /** An empty database: the process that uses the directory holds a transaction on it. */
  readonly lock: string;
}

/** The data directory is in use by another process. */
export class DataDirectoryInUseError extends StartError {
  override readonly name = 'DataDirectoryInUseError';
  constructor(directory: string) {
    super(
      `DATA_DIR: the directory ${directory} is in use by another process; stop it, or choose a different directory with --data-dir.`,
    );
  }
}

/** The data directory cannot be created, read or written, or holds data that cannot be used. */
export class DataDirectoryUnusableError extends StartError {
  override readonly name = 'DataDirectoryUnusableError';
  constructor(directory: string, reason: string) {
    super(`DATA_DIR: the directory ${directory} cannot be used: ${reason}`);
  }
}

/**
 * Creates the data directory and its files, which are empty, if they are missing, accessible to
 * their owner only.
 *
 * @throws DataDirectoryUnusableError
 */
export function prepareDataDirectory(directory: string): DataFiles {
  const path = resolve(directory);
  try {
    if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return { database: prepareFile(join(path, DATABASE)), lock: prepareFile(join(path, LOCK)) };
  } catch (error) {
    throw new DataDirectoryUnusableError(path, reasonOf(error));
  }
}

function prepareFile(file: string): string {
  // An existing file is not opened: closing any handle to it would drop this process's lock.
  if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
  else closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  return file;
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'this user has no permission to write there.';
    case 'EROFS':
      return 'it is on a read-only file system.';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'the path, or a parent of it, is not a directory.';
    case 'ENOSPC':
      return 'the disk is full.';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
