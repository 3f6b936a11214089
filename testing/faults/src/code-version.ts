import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Folders whose code the results depend on: the product and this suite. */
const FOLDERS = ['apps', 'libs', 'testing/faults'];

/** Version of the code that produced the results. */
export interface CodeVersion {
  /** Hashes of the committed {@link FOLDERS}: unchanged by commits that touch nothing there. */
  readonly key: string;
  readonly commit: string;
  /** Whether the working tree has no uncommitted changes; false if git is not available. */
  readonly clean: boolean;
}

/**
 * Returns the version of the code in a folder, from git or, if git fails, from the commit that CI
 * reports.
 */
export async function codeVersion(folder = process.cwd()): Promise<CodeVersion> {
  const git = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('git', args, { cwd: folder });
    return stdout.trim();
  };
  try {
    const trees = (await git('rev-parse', ...FOLDERS.map((path) => `HEAD:${path}`))).split('\n');
    return {
      key: trees.map((tree) => tree.slice(0, 8)).join('-'),
      commit: await git('rev-parse', '--short', 'HEAD'),
      clean: (await git('status', '--porcelain', '--', ...FOLDERS)) === '',
    };
  } catch {
    // Git can fail, for example with "dubious ownership" in a container.
    const commit = process.env['GITHUB_SHA'] ?? 'unknown';
    return { key: commit, commit, clean: false };
  }
}
