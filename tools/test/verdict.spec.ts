import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { STRICT_SUITES } from './strict-suites.mjs';
import { evaluate, type Outcome, type Project, type Test, type TestFile } from './verdict.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const passed = (name: string, file = 'src/a.spec.ts'): Test => ({ file, name, status: 'passed' });
const failed = (name: string, file = 'src/a.spec.ts'): Test => ({
  file,
  name,
  status: 'failed',
  message: `expected ${name}`,
});
const outcome = (...tests: Test[]): Outcome => ({
  exitCode: tests.some(({ status }) => status === 'failed') ? 1 : 0,
  tests,
});
const project = (given: Outcome | undefined, folder = 'libs/redis'): Project => ({
  name: '@chat/redis',
  folder,
  outcome: given,
});

/** Evaluates a CI run with the given rerun outcomes. */
async function evaluateCi(projects: Project[], again?: (file: TestFile) => Outcome | undefined) {
  const rerun: string[] = [];
  const verdict = await evaluate(projects, {
    ci: true,
    rerun: (file) => {
      rerun.push(`${file.project.folder}/${file.file}`);
      return Promise.resolve(again?.(file));
    },
  });
  return { ...verdict, rerun };
}

describe('the verdict on a test run', () => {
  it('passes when every test passed, and reruns no files', async () => {
    const verdict = await evaluateCi([project(outcome(passed('a'), passed('b')))]);
    expect(verdict).toEqual({ failed: false, lines: ['2 passed, 0 failed'], rerun: [] });
  });

  it('counts a test as flaky, with its first failure, when its file passes in isolation', async () => {
    const verdict = await evaluateCi([project(outcome(passed('a'), failed('b')))], () =>
      outcome(passed('a'), passed('b')),
    );
    expect(verdict).toEqual({
      failed: false,
      rerun: ['libs/redis/src/a.spec.ts'],
      lines: [
        'Flaky: @chat/redis: libs/redis/src/a.spec.ts: b\nexpected b\n',
        '2 passed, 0 failed',
      ],
    });
  });

  it('fails a test that fails again in its only rerun', async () => {
    const verdict = await evaluateCi([project(outcome(failed('a')))], () => outcome(failed('a')));
    expect(verdict).toEqual({
      failed: true,
      rerun: ['libs/redis/src/a.spec.ts'],
      lines: [
        'Failed: @chat/redis: libs/redis/src/a.spec.ts: a\nexpected a\n',
        '0 passed, 1 failed',
      ],
    });
  });

  it('fails a test when another test of its file fails in the rerun', async () => {
    const verdict = await evaluateCi([project(outcome(failed('a'), passed('b')))], () =>
      outcome(passed('a'), failed('b')),
    );
    expect(verdict).toMatchObject({ failed: true });
    expect(verdict.lines.at(-1)).toBe('1 passed, 1 failed');
  });

  it.each([
    ['crashes', undefined],
    ['does not contain the test', outcome(passed('other'))],
    ['skips the test', outcome({ file: 'src/a.spec.ts', name: 'a', status: 'skipped' })],
    ['passes and then exits with an error', { exitCode: 1, tests: [passed('a')] }],
  ])('fails a test when the rerun %s', async (_case, rerunOutcome) => {
    const verdict = await evaluateCi([project(outcome(failed('a')))], () => rerunOutcome);
    expect(verdict).toMatchObject({ failed: true });
    expect(verdict.lines.at(-1)).toBe('0 passed, 1 failed');
  });

  it('accepts 3 flaky tests and fails with 4', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const rerun = () => outcome(...names.map((name) => passed(name)));
    const three = names.slice(0, 3).map((name) => failed(name));
    expect(await evaluateCi([project(outcome(...three))], rerun)).toMatchObject({ failed: false });
    const four = await evaluateCi([project(outcome(...names.map((name) => failed(name))))], rerun);
    expect(four).toMatchObject({ failed: true });
    expect(four.lines.filter((line) => line.startsWith('Flaky: '))).toHaveLength(4);
    expect(four.lines.slice(-2)).toEqual([
      'Failed: 4 flaky tests (at most 3 allowed)',
      '4 passed, 1 failed',
    ]);
  });

  it('fails a strict suite immediately, without rerunning it', async () => {
    const verdict = await evaluateCi(
      [project(outcome(failed('a', 'src/store-contract.spec.ts')), 'libs/storage-mongo')],
      () => outcome(passed('a')),
    );
    expect(verdict).toMatchObject({ failed: true, rerun: [] });
    expect(verdict.lines.at(-1)).toBe('0 passed, 1 failed');
  });

  it('counts a file that could not run as flaky when all of its tests pass in a rerun', async () => {
    const broken: Test = { file: 'src/a.spec.ts', status: 'failed', message: 'no server' };
    const verdict = await evaluateCi([project(outcome(broken))], () => outcome(passed('a')));
    expect(verdict).toMatchObject({ failed: false });
    expect(verdict.lines[0]).toBe('Flaky: @chat/redis: libs/redis/src/a.spec.ts\nno server\n');
    expect(await evaluateCi([project(outcome(broken))], () => outcome())).toMatchObject({
      failed: true,
    });
  });

  it('reruns no files when tests in more than 10 files failed', async () => {
    const tests = Array.from({ length: 11 }, (_, n) => failed('a', `src/${n}.spec.ts`));
    const verdict = await evaluateCi([project(outcome(...tests))], () => outcome(passed('a')));
    expect(verdict).toMatchObject({ failed: true, rerun: [] });
  });

  it('reruns a file in the Jest project where it failed', async () => {
    const files: TestFile[] = [];
    await evaluateCi([project(outcome({ ...failed('a'), run: 'gateway' }))], (file) => {
      files.push(file);
      return undefined;
    });
    expect(files).toMatchObject([{ run: 'gateway' }]);
  });

  it('reruns no files outside CI', async () => {
    const verdict = await evaluate([project(outcome(failed('a')))], {
      ci: false,
      rerun: () => Promise.reject(new Error('reran a file')),
    });
    expect(verdict).toMatchObject({ failed: true });
  });

  it.each([
    ['a project crashed', undefined, '@chat/redis: its tests did not finish'],
    [
      'a project exited with an error after its tests passed',
      { exitCode: 1, tests: [passed('a')] },
      '@chat/redis: exit code 1 although no test failed',
    ],
    ['a project reports no tests', outcome(), '@chat/redis: no tests ran'],
  ])('fails when %s, even if the only other failure is flaky', async (_case, given, problem) => {
    const other = project(outcome(failed('b')), 'libs/rooms');
    const verdict = await evaluateCi([project(given), other], () => outcome(passed('b')));
    expect(verdict.failed).toBe(true);
    expect(verdict.lines).toContain(`Failed: ${problem}`);
  });

  it('names each missing server once, with the number of tests that need it', async () => {
    const skipped = (...missing: string[]): Test => ({
      file: 'src/a.spec.ts',
      name: 'a',
      status: 'skipped',
      missing,
    });
    const projects = [
      project(outcome(skipped('no Redis'), passed('b'))),
      project(outcome(skipped('no Redis', 'no MongoDB')), 'libs/rooms'),
    ];
    const local = await evaluate(projects, { ci: false, rerun: () => Promise.resolve(undefined) });
    expect(local).toEqual({
      failed: false,
      lines: [
        'Skipped 2 tests: no Redis',
        'Skipped 1 test: no MongoDB',
        '1 passed, 0 failed, 2 skipped',
      ],
    });
    const inCi = await evaluateCi(projects);
    expect(inCi).toMatchObject({ failed: true });
    expect(inCi.lines.at(-1)).toBe('1 passed, 1 failed, 2 skipped');
  });
});

describe('the list of strict suites', () => {
  it.each(STRICT_SUITES)('names the existing path %s', (suite) => {
    expect(existsSync(join(ROOT, suite))).toBe(true);
  });
});
