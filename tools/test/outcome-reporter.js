import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Jest reporter that leaves a project's numbers in `test-results/outcome.json`, for `npm test` to add up. */
export default class OutcomeReporter {
  constructor({ rootDir }) {
    this.folder = join(rootDir, 'test-results');
  }

  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) => file.testResults);
    const withStatus = (...statuses) => tests.filter(({ status }) => statuses.includes(status));
    const skipped = withStatus('pending', 'skipped', 'todo', 'disabled');
    const outcome = {
      passed: withStatus('passed').length,
      // A file that does not even run counts as one failure.
      failed: withStatus('failed').length + results.numRuntimeErrorTestSuites,
      skipped: skipped.length,
      skippedSuites: [...new Set(skipped.map((test) => test.ancestorTitles[0] ?? test.fullName))],
    };
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'outcome.json'), JSON.stringify(outcome));
  }
}
