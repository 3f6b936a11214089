import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../nx.ts';

/**
 * Directories of node_modules that a copy must not share: build stamps, and links to this workspace.
 */
const NOT_SHARED = ['.cache', '@chat'];

/** Copy of the workspace as it is after `npm ci`, with no build output. */
export class WorkspaceCopy {
  private constructor(readonly root: string) {}

  static async create(): Promise<WorkspaceCopy> {
    const root = await mkdtemp(join(tmpdir(), 'chat-copy-'));
    const { stdout } = await promisify(execFile)(
      'git',
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
      { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 },
    );
    for (const file of stdout.split('\0').filter(Boolean)) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await copyFile(join(ROOT, file), join(root, file));
    }
    const [from, to] = [join(ROOT, 'node_modules'), join(root, 'node_modules')];
    await mkdir(join(to, '@chat'), { recursive: true });
    for (const name of await readdir(from)) {
      if (!NOT_SHARED.includes(name)) await symlink(join(from, name), join(to, name));
    }
    for (const name of await readdir(join(from, '@chat'))) {
      await symlink(await readlink(join(from, '@chat', name)), join(to, '@chat', name));
    }
    return new WorkspaceCopy(root);
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}
