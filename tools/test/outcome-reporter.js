import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Maximum length of a failure message, in characters. */
const MAX_MESSAGE_LENGTH = 1_500;

/** Title suffix of a suite that `describeUnlessMissing` skips: its reasons, separated by `; `. */
const SKIPPED_FOR = / \(skipped: (.+)\)$/;

/**
 * Jest reporter for `npm test` that writes the outcome of each test of a project to
 * `test-results/outcome.json`.
 *
 * The file is written at exit, with the exit code; it is missing after a crash.
 */
export default class OutcomeReporter {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
    this.hasProjects = globalConfig.projects.length > 1;
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
    const source = {
      file: relative(this.rootDir, testFilePath),
      // Name of the Jest project: several may run the same file.
      ...(this.hasProjects && { run: displayName.name }),
    };
    // A file that cannot run counts as one failed test without a name.
    if (testExecError) return [{ ...source, status: 'failed', message: truncate(failureMessage) }];
    return testResults.map(({ fullName, status, ancestorTitles, failureMessages }) => {
      const test = { ...source, name: fullName, status: statusOf(status) };
      if (test.status === 'failed')
        return { ...test, message: truncate(failureMessages.join('\n')) };
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

function truncate(message) {
  return stripVTControlCharacters(message ?? '').slice(0, MAX_MESSAGE_LENGTH);
}
