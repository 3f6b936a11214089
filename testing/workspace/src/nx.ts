import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const NX = fileURLToPath(
  new URL('../../../node_modules/nx/dist/bin/nx.js', import.meta.url),
);

/** Runs Nx; resolves with its output. */
export async function nx(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [NX, ...args], {
    cwd: ROOT,
    env: { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '' },
  });
  return stdout;
}
