import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Version of the code that results belong to. */
export interface CodeVersion {
  /** Hash of the committed `apps` and `libs`: commits that change nothing there keep it. */
  readonly key: string;
  readonly commit: string;
  /** Whether the working tree is as committed; false where git is not available. */
  readonly clean: boolean;
}

/** Returns the git version of a folder; without git, the commit that CI reports. */
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
    // For example "dubious ownership" in a container.
    const commit = process.env['GITHUB_SHA'] ?? 'unknown';
    return { key: commit, commit, clean: false };
  }
}
