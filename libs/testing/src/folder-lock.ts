import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * A folder as one process's own: an abstract socket of Linux, which exactly one
 * process can hold and which the system takes back however that one ends.
 */
export class FolderLock {
  readonly #holder = createServer();

  private constructor() {
    this.#holder.unref();
  }

  /** @throws Error with one readable line when somebody else has it */
  static async take(folder: string): Promise<FolderLock> {
    const lock = new FolderLock();
    const { dev, ino } = await stat(folder);
    try {
      await once(lock.#holder.listen(`\0chat-folder-${dev}-${ino}`), 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new Error(`the folder ${folder} is in use by another process`, { cause: error });
    }
    return lock;
  }

  release(): void {
    this.#holder.close();
  }
}
