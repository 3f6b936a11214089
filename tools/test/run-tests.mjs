import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, workspacePackages } from '../workspace.mjs';

/** In CI nothing counts as passed that did not run there. */
const FRESH = process.env.CI ? ['--skip-nx-cache'] : [];

function runMany(target, ...args) {
  const nx = join(ROOT, 'node_modules/nx/dist/bin/nx.js');
  const child = spawn(
    process.execPath,
    [nx, 'run-many', '-t', target, '--output-style=stream-without-prefixes', ...FRESH, ...args],
    {
      cwd: ROOT,
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code ?? 1));
  });
}

const packages = [...(await workspacePackages())].map(([name, { folder }]) => ({
  name,
  outcome: join(folder, 'test-results/outcome.json'),
}));
for (const { outcome } of packages) await rm(outcome, { force: true });
const codes = [await runMany('test', '--parallel=2'), await runMany('e2e', '--parallel=1')];

const total = { passed: 0, failed: 0, skipped: 0 };
for (const { name, outcome } of packages.filter(({ outcome }) => existsSync(outcome))) {
  const counts = JSON.parse(await readFile(outcome, 'utf8'));
  for (const key of Object.keys(total)) total[key] += counts[key];
  for (const suite of counts.skippedSuites) console.log(`Not run: ${name}: ${suite}`);
  for (const { what, message } of counts.failures) {
    console.log(`Failed: ${name}: ${what}\n${message}\n`);
  }
}
const failedToRun = codes.some((code) => code !== 0) && total.failed === 0;
if (failedToRun) {
  total.failed = 1;
  console.log('Failed: a task that nx names above, without a test that failed');
}
if (total.failed > 0) process.exitCode = 1;
console.log(
  `${total.passed} passed, ${total.failed} failed` +
    (total.skipped > 0 ? `, ${total.skipped} skipped` : ''),
);
