import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where a server keeps its data: a folder that stays, or one that goes with the server. */
export class DataFolder {
  readonly path: string;
  readonly #temporary: boolean;

  private constructor(path: string, temporary: boolean) {
    this.path = path;
    this.#temporary = temporary;
  }

  /** @param path made if it is missing, and kept; without it a temporary one is made */
  static async open(name: string, path?: string): Promise<DataFolder> {
    if (path === undefined) {
      return new DataFolder(await mkdtemp(join(tmpdir(), `chat-${name}-`)), true);
    }
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new DataFolder(resolve(path), false);
  }

  async close(): Promise<void> {
    if (this.#temporary) await rm(this.path, { recursive: true, force: true });
  }
}
