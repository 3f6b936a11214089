import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const COMMAND = fileURLToPath(new URL('write-changelog.mjs', import.meta.url));
const run = promisify(execFile);

/** Environment without the user's Git configuration. */
const ENV = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

describe('npm run changelog', () => {
  let folder: string;
  const git = (...args: string[]) => run('git', args, { cwd: folder, env: ENV });
  const commit = (subject: string) => git('commit', '--quiet', '--allow-empty', '-m', subject);
  const writeChangelog = (cwd = folder) => run(process.execPath, [COMMAND], { cwd, env: ENV });
  const changelog = () => readFile(join(folder, 'CHANGELOG.md'), 'utf8');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-changelog-'));
    await writeFile(join(folder, 'package.json'), '{"version": "1.1.0"}');
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('remote', 'add', 'origin', 'https://github.com/example/chat.git');
    await commit('Start without a convention');
    await commit('feat(rooms): add topics');
    await git('tag', 'v1.0.0');
    await commit('fix(client): retry reads after 5 s');
    await commit('test(client): wait for the retry');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('lists features and fixes by version tag, the untagged version first', async () => {
    await writeChangelog();
    const lines = (await changelog()).split('\n').filter(Boolean);
    expect(lines).toEqual([
      '# Changelog',
      expect.stringMatching(/^## 1\.1\.0 /),
      '### Bug Fixes',
      expect.stringMatching(/^\* \*\*client:\*\* retry reads after 5 s [0-9a-f]{7}$/),
      expect.stringMatching(/^## 1\.0\.0 /),
      '### Features',
      expect.stringMatching(/^\* \*\*rooms:\*\* add topics [0-9a-f]{7}$/),
    ]);
  });

  it('writes the same file when it is rerun', async () => {
    await writeChangelog();
    const first = await changelog();
    await writeChangelog();
    expect(await changelog()).toBe(first);
  });

  it('fails with the reason in a shallow clone, and writes nothing', async () => {
    const shallow = join(folder, 'shallow');
    await git('clone', '--quiet', '--depth', '1', `file://${folder}`, shallow);
    await expect(writeChangelog(shallow)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('git fetch --unshallow'),
    });
    await expect(readFile(join(shallow, 'CHANGELOG.md'))).rejects.toThrow('ENOENT');
  });
});
