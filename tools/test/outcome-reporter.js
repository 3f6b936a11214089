import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** How much of a failure is told again at the end, in characters. */
const MESSAGE_CHARACTERS = 1_500;

/**
 * Jest reporter that leaves a project's numbers, and what failed, in `test-results/outcome.json`, for `npm test`
 * to add up and to tell at its end.
 */
export default class OutcomeReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
  }

  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) => file.testResults);
    const withStatus = (...statuses) => tests.filter(({ status }) => statuses.includes(status));
    const skipped = withStatus('pending', 'skipped', 'todo', 'disabled');
    const failures = results.testResults.flatMap((file) => failuresOf(file, this.rootDir));
    const outcome = {
      passed: withStatus('passed').length,
      failed: failures.length,
      skipped: skipped.length,
      skippedSuites: [...new Set(skipped.map((test) => test.ancestorTitles[0] ?? test.fullName))],
      failures,
    };
    const folder = join(this.rootDir, 'test-results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'outcome.json'), JSON.stringify(outcome));
  }
}

/** A file that does not even run counts as one failure. */
function failuresOf({ testFilePath, testExecError, failureMessage, testResults }, rootDir) {
  const path = relative(rootDir, testFilePath);
  if (testExecError) return [failure(path, failureMessage)];
  return testResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) =>
      failure(`${path}: ${fullName}`, failureMessages.join('\n')),
    );
}

function failure(what, message) {
  return { what, message: stripVTControlCharacters(message ?? '').slice(0, MESSAGE_CHARACTERS) };
}
