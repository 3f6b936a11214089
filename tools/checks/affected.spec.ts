import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NX = fileURLToPath(new URL('../../node_modules/nx/dist/bin/nx.js', import.meta.url));

async function showProjects(...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [NX, 'show', 'projects', '--json', ...args], {
    cwd: ROOT,
    env: { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '' },
  });
  return (JSON.parse(stdout) as string[]).sort();
}

const affectedBy = (file: string) => showProjects('--affected', `--files=${file}`);

describe('nx affected', () => {
  it('leaves every server project alone when the page changes', async () => {
    expect(await affectedBy('apps/web/src/main.tsx')).toEqual(['@chat/web', '@chat/web-e2e']);
  });

  it('takes in every project when the wire contract changes', async () => {
    expect(await affectedBy('libs/contracts/src/messages.ts')).toEqual(await showProjects());
  });
});
