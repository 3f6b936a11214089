import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ROOT, workspacePackages } from '../workspace.mjs';
import { evaluate } from './verdict.mjs';

/**
 * Hundreds of processes load the same modules: with the compile cache a service takes a fifth less
 * CPU time to load.
 */
process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'node_modules/.cache/node');

const ci = Boolean(process.env.CI);
/** In CI, cached results of earlier runs are ignored. */
const FRESH = ci ? ['--skip-nx-cache'] : [];

/** Runs Nx; resolves with the exit code. */
function nx(...args) {
  const bin = join(ROOT, 'node_modules/nx/dist/bin/nx.js');
  const child = spawn(
    process.execPath,
    [
      bin,
      ...args.slice(0, 1),
      '--output-style=stream-without-prefixes',
      ...FRESH,
      ...args.slice(1),
    ],
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

function seconds(ms) {
  return Math.round(ms / 1_000);
}

async function outcomeOf(folder) {
  const path = join(ROOT, folder, 'test-results/outcome.json');
  return existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : undefined;
}

async function rerun({ project: { name, folder, target }, file, run }) {
  console.log(`\nRerunning ${folder}/${file}`);
  await rm(join(ROOT, folder, 'test-results/outcome.json'), { force: true });
  await nx(
    'run',
    `${name}:${target}`,
    '--exclude-task-dependencies',
    `--args=--runTestsByPath ${file}` + (run === undefined ? '' : ` --selectProjects ${run}`),
  );
  return outcomeOf(folder);
}

const projects = [...(await workspacePackages())]
  .map(([name, { folder }]) => ({
    name,
    folder: relative(ROOT, folder),
    target: name.endsWith('-e2e') ? 'e2e' : 'test',
  }))
  .filter(({ folder }) => existsSync(join(ROOT, folder, 'jest.config.js')));
for (const { folder } of projects) {
  await rm(join(ROOT, folder, 'test-results'), { recursive: true, force: true });
}
const startedAt = Date.now();
// Unit suites mostly wait for servers: three at a time keep two cores busy.
await nx('run-many', '-t', 'test', '--parallel=3');
const unitDoneAt = Date.now();
// Their dependencies are built in parallel; the suites run one at a time (`parallelism` in
// nx.json).
await nx('run-many', '-t', 'e2e', '--parallel=3');
const endedAt = Date.now();
const verdict = await evaluate(
  await Promise.all(
    projects.map(async (project) => ({ ...project, outcome: await outcomeOf(project.folder) })),
  ),
  { ci, rerun },
);
console.log(
  `== unit suites took ${seconds(unitDoneAt - startedAt)} s, ` +
    `end-to-end suites ${seconds(endedAt - unitDoneAt)} s`,
);
for (const line of verdict.lines) console.log(line);
if (verdict.failed) process.exitCode = 1;
