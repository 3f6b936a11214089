import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * Exclusive lock on a directory: an abstract Linux socket, which only one process can bind and
 * which the system releases when that process exits, even after `kill -9`.
 */
export class DirectoryLock {
  readonly #socket = createServer();

  private constructor() {
    this.#socket.unref();
  }

  /**
   * Locks a directory.
   *
   * @throws Error with a one-line message when another process holds the lock
   */
  static async take(directory: string): Promise<DirectoryLock> {
    const lock = new DirectoryLock();
    const { dev, ino } = await stat(directory);
    try {
      await once(lock.#socket.listen(`\0chat-folder-${dev}-${ino}`), 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new Error(`the directory ${directory} is in use by another process`, { cause: error });
    }
    return lock;
  }

  release(): void {
    this.#socket.close();
  }
}
