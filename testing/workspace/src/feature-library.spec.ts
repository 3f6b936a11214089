import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkspaceCopy } from './documents/workspace-copy.ts';
import { nxIn, nxWithLastGraphIn } from './nx.ts';

const GENERATOR = '@chat/tools:feature-library';
/** Time limit for the targets of one project on a busy machine. */
const TIMEOUT_MS = 240_000;

describe('a feature library created by the generator', () => {
  let copy: WorkspaceCopy;
  const nx = (...args: string[]) => nxIn(copy.root, ...args);
  const generate = (name: string) => nxWithLastGraphIn(copy.root, 'generate', GENERATOR, name);
  beforeAll(async () => {
    copy = await WorkspaceCopy.create();
    await nx('generate', GENERATOR, 'read-positions');
  }, TIMEOUT_MS);
  afterAll(() => copy.remove());

  it(
    'builds, lints and passes its first test',
    async () => {
      const targets = ['lint', 'test', 'build'];
      await nx('run-many', '-t', ...targets, '-p', '@chat/read-positions', '--skip-nx-cache');
      const outcome = join(copy.root, 'libs/read-positions/test-results/outcome.json');
      expect(JSON.parse(await readFile(outcome, 'utf8'))).toMatchObject({
        tests: [{ name: 'ReadPositionsModule provides ReadPositions', status: 'passed' }],
      });
    },
    TIMEOUT_MS,
  );

  it('is linked by the lockfile', async () => {
    const lock = await readFile(join(copy.root, 'package-lock.json'), 'utf8');
    expect((JSON.parse(lock) as { packages: unknown }).packages).toMatchObject({
      'libs/read-positions': { name: '@chat/read-positions', version: '0.1.0' },
      'node_modules/@chat/read-positions': { resolved: 'libs/read-positions', link: true },
    });
  });

  it('is not created if a library with that name exists', async () => {
    await expect(generate('rooms')).rejects.toThrow('libs/rooms already exists');
  });

  it('requires a lowercase name', async () => {
    await expect(generate('--name=Reactions')).rejects.toMatchObject({ code: 1 });
  });
});
