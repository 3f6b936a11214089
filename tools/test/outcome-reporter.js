import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Kept of each failure message, in characters. */
const MESSAGE_CHARACTERS = 1_500;

/** How `describeUnless` marks a suite that is skipped: its reasons, separated by `; `. */
const SKIPPED_FOR = / \(skipped: (.+)\)$/;

/**
 * Jest reporter that writes what became of each test of a project to `test-results/outcome.json`, for `npm test`.
 *
 * Written while the process exits, with its exit code: the file is missing after a crash.
 */
export default class OutcomeReporter {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
    this.severalRuns = globalConfig.projects.length > 1;
  }

  onRunStart() {
    rmSync(this.#path, { force: true });
  }

  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) => this.#testsOf(file));
    process.once('exit', (code) => {
      mkdirSync(join(this.rootDir, 'test-results'), { recursive: true });
      const exitCode = results.success ? code : code || 1;
      writeFileSync(this.#path, JSON.stringify({ exitCode, tests }));
    });
  }

  get #path() {
    return join(this.rootDir, 'test-results/outcome.json');
  }

  #testsOf({ testFilePath, displayName, testExecError, failureMessage, testResults }) {
    const where = {
      file: relative(this.rootDir, testFilePath),
      // One of several Jest projects that run the same file.
      ...(this.severalRuns && { run: displayName.name }),
    };
    // A file that does not even run counts as one failed test without a name.
    if (testExecError) return [{ ...where, status: 'failed', message: shortened(failureMessage) }];
    return testResults.map(({ fullName, status, ancestorTitles, failureMessages }) => {
      const test = { ...where, name: fullName, status: statusOf(status) };
      if (test.status === 'failed')
        return { ...test, message: shortened(failureMessages.join('\n')) };
      if (test.status === 'skipped') return { ...test, missing: missingOf(ancestorTitles) };
      return test;
    });
  }
}

function statusOf(status) {
  return status === 'passed' || status === 'failed' ? status : 'skipped';
}

function missingOf(titles) {
  return titles.flatMap((title) => SKIPPED_FOR.exec(title)?.[1].split('; ') ?? []);
}

function shortened(message) {
  return stripVTControlCharacters(message ?? '').slice(0, MESSAGE_CHARACTERS);
}
