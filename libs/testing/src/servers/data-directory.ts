import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Data directory of a server under test: persistent if a path is given, otherwise temporary. */
export class DataDirectory {
  readonly path: string;
  readonly #temporary: boolean;

  private constructor(path: string, temporary: boolean) {
    this.path = path;
    this.#temporary = temporary;
  }

  /**
   * Opens the data directory of a server.
   *
   * @param path created if it is missing, and never removed; if undefined, a temporary directory is
   * created
   */
  static async open(name: string, path?: string): Promise<DataDirectory> {
    if (path === undefined) {
      return new DataDirectory(await mkdtemp(join(tmpdir(), `chat-${name}-`)), true);
    }
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new DataDirectory(resolve(path), false);
  }

  /** Removes the directory if it is temporary. */
  async close(): Promise<void> {
    if (this.#temporary) await rm(this.path, { recursive: true, force: true });
  }
}
