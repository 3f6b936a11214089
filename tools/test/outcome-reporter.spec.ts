import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const JEST = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));
const REPORTER = fileURLToPath(new URL('outcome-reporter.js', import.meta.url));

describe('the outcome reporter', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-outcome-'));
    await mkdir(join(folder, 'test-results'));
    await writeFile(join(folder, 'test-results/outcome.json'), '"from an earlier run"');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs Jest on one spec file; resolves with the outcome, undefined when there is none. */
  async function outcomeOf(spec: string, settings: object = {}): Promise<unknown> {
    await writeFile(join(folder, 'a.spec.js'), spec);
    const config = {
      rootDir: folder,
      reporters: [REPORTER],
      testMatch: ['<rootDir>/*.spec.js'],
      transform: {},
      ...settings,
    };
    const jest = spawn(process.execPath, [JEST, '--config', JSON.stringify(config)], {
      cwd: folder,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] },
    });
    await once(jest, 'close');
    try {
      return JSON.parse(await readFile(join(folder, 'test-results/outcome.json'), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  it('records the status, failure message and missing servers of each test', async () => {
    const spec = `
      describe('a suite', () => {
        it('passes', () => undefined);
        it('fails', () => { throw new Error('it failed'); });
      });
      describe.skip('another (skipped: no Redis; no MongoDB)', () => {
        describe('and more', () => { it('is skipped', () => undefined); });
      });
    `;
    expect(await outcomeOf(spec)).toEqual({
      exitCode: 1,
      tests: [
        { file: 'a.spec.js', name: 'a suite passes', status: 'passed' },
        {
          file: 'a.spec.js',
          name: 'a suite fails',
          status: 'failed',
          message: expect.stringContaining('it failed'),
        },
        {
          file: 'a.spec.js',
          name: 'another (skipped: no Redis; no MongoDB) and more is skipped',
          status: 'skipped',
          missing: ['no Redis', 'no MongoDB'],
        },
      ],
    });
  });

  it('records one failed test that has no name for a file that cannot run', async () => {
    expect(await outcomeOf("throw new Error('cannot load');")).toEqual({
      exitCode: 1,
      tests: [
        {
          file: 'a.spec.js',
          status: 'failed',
          message: expect.stringContaining('cannot load'),
        },
      ],
    });
  });

  it('records exit code 1 when the teardown fails after every test passed', async () => {
    await writeFile(
      join(folder, 'teardown.js'),
      "module.exports = () => { throw new Error('left something'); };",
    );
    const outcome = await outcomeOf("it('passes', () => undefined);", {
      globalTeardown: '<rootDir>/teardown.js',
    });
    expect(outcome).toMatchObject({ exitCode: 1, tests: [{ name: 'passes', status: 'passed' }] });
  });

  it('leaves no outcome, not even one from an earlier run, when the process is killed', async () => {
    expect(await outcomeOf("process.kill(process.pid, 'SIGKILL');")).toBeUndefined();
  });
});
