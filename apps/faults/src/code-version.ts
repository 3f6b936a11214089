import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What results belong to. */
export interface CodeVersion {
  /** Of `apps` and `libs` as committed: the same over commits that change nothing there. */
  readonly key: string;
  readonly commit: string;
  /** Whether what runs is that: nothing was changed or added since, as far as anybody can say. */
  readonly clean: boolean;
}

/** Asks git about a folder; where git does not answer, it takes what CI says. */
export async function codeVersion(folder = process.cwd()): Promise<CodeVersion> {
  const git = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('git', args, { cwd: folder });
    return stdout.trim();
  };
  try {
    const trees = (await git('rev-parse', 'HEAD:apps', 'HEAD:libs')).split('\n');
    return {
      key: trees.map((tree) => tree.slice(0, 8)).join('-'),
      commit: await git('rev-parse', '--short', 'HEAD'),
      clean: (await git('status', '--porcelain', '--', 'apps', 'libs')) === '',
    };
  } catch {
    // Such as "dubious ownership" in a container.
    const commit = process.env['GITHUB_SHA'] ?? 'unknown';
    return { key: commit, commit, clean: false };
  }
}
