import { isStrict } from './strict-suites.mjs';

/** Maximum number of flaky tests before a run fails. */
const MAX_FLAKY = 3;
/**
 * Maximum number of files to rerun; if more files fail, none is rerun, because the failures are
 * assumed to be real.
 */
const MAX_RERUNS = 10;

/**
 * Result of one test; without a name, that of a test file that could not run. `run` is the Jest
 * project that ran it, in packages with several.
 *
 * @typedef {{
 *   file: string,
 *   run?: string,
 *   name?: string,
 *   status: 'passed' | 'failed' | 'skipped',
 *   message?: string,
 *   missing?: string[],
 * }} Test
 * @typedef {{ exitCode: number, tests: Test[] }} Outcome
 * @typedef {{ name: string, folder: string, outcome?: Outcome | undefined }} Project
 * @typedef {{ project: Project, file: string, run?: string | undefined }} TestFile
 * @typedef {{ lines: string[], failed: boolean }} Verdict
 */

/**
 * Evaluates the results of all projects.
 *
 * In CI, each file with a failed test is rerun once, in isolation: if the file passes, its failed
 * tests are flaky, except in strict suites. No test may be skipped in CI.
 *
 * @param {Project[]} projects every project with a Jest configuration; a project without an outcome
 * has crashed, and one without tests counts as failed, because Jest passes when no file matches
 * (`passWithNoTests`)
 * @param {{ ci: boolean, rerun: (file: TestFile) => Promise<Outcome | undefined> }} options
 * @returns {Promise<Verdict>} `lines` end with `N passed, N failed[, N skipped]`
 */
export async function evaluate(projects, { ci, rerun }) {
  const tests = projects.flatMap((project) =>
    (project.outcome?.tests ?? []).map((test) => ({ ...test, project })),
  );
  const withStatus = (status) => tests.filter((test) => test.status === status);
  const skipped = withStatus('skipped');
  const { failed, flaky } = ci
    ? await separateFlaky(withStatus('failed'), rerun)
    : { failed: withStatus('failed'), flaky: [] };
  const problems = projects.flatMap(({ name, outcome }) => problemsOf(name, outcome));
  if (flaky.length > MAX_FLAKY) {
    problems.push(`${flaky.length} flaky tests (at most ${MAX_FLAKY} allowed)`);
  }
  if (ci && skipped.length > 0) {
    problems.push(`${skipped.length} skipped tests (none allowed in CI)`);
  }
  const passedCount = withStatus('passed').length + flaky.length;
  const failedCount = failed.length + problems.length;
  return {
    failed: failedCount > 0,
    lines: [
      ...skipLines(skipped),
      ...failed.map((test) => `Failed: ${titleOf(test)}\n${test.message}\n`),
      ...flaky.map((test) => `Flaky: ${titleOf(test)}\n${test.message}\n`),
      ...problems.map((problem) => `Failed: ${problem}`),
      `${passedCount} passed, ${failedCount} failed` +
        (skipped.length > 0 ? `, ${skipped.length} skipped` : ''),
    ],
  };
}

async function separateFlaky(failures, rerun) {
  const files = Map.groupBy(failures, ({ project, file, run }) =>
    JSON.stringify([project.folder, file, run]),
  );
  const rerunnable = [...files.values()].filter(
    ([{ project, file }]) => !isStrict(`${project.folder}/${file}`),
  );
  if (rerunnable.length > MAX_RERUNS) return { failed: failures, flaky: [] };
  const flaky = new Set();
  for (const failuresOfFile of rerunnable) {
    const [{ project, file, run }] = failuresOfFile;
    const outcome = await rerun({ project, file, run });
    if (outcome?.exitCode !== 0) continue;
    for (const test of failuresOfFile) if (hasPassed(test, outcome)) flaky.add(test);
  }
  return { failed: failures.filter((test) => !flaky.has(test)), flaky: [...flaky] };
}

/**
 * Returns whether a failure passed in the rerun; for a file that could not run the first time,
 * whether all its tests passed.
 */
function hasPassed({ name }, { tests }) {
  const same = tests.filter((test) => name === undefined || test.name === name);
  return same.length > 0 && same.every(({ status }) => status === 'passed');
}

function problemsOf(name, outcome) {
  if (!outcome) return [`${name}: its tests did not finish`];
  const { exitCode, tests } = outcome;
  if (exitCode !== 0 && !tests.some(({ status }) => status === 'failed')) {
    return [`${name}: exit code ${exitCode} although no test failed`];
  }
  return tests.length === 0 ? [`${name}: no tests ran`] : [];
}

/**
 * Returns a line for each missing server, and for each test that was skipped for another reason.
 */
function skipLines(skipped) {
  const counts = new Map();
  for (const test of skipped) {
    const reasons = test.missing?.length ? test.missing : [titleOf(test)];
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(
    ([reason, count]) => `Skipped ${count} ${count === 1 ? 'test' : 'tests'}: ${reason}`,
  );
}

function titleOf({ project, run, file, name }) {
  const path = `${project.folder}/${file}`;
  const source = run === undefined ? path : `${path} [${run}]`;
  return name === undefined ? `${project.name}: ${source}` : `${project.name}: ${source}: ${name}`;
}
