import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fingerprint, listFiles } from './fingerprint.mjs';
import { foldersNeededBy, ROOT } from '../workspace.mjs';

/** A failed build; the message is its output, or the reason why it could not run. */
class BuildFailure extends Error {}

const SHARED_SOURCES = ['package-lock.json', 'rolldown.preset.js', 'tsconfig.base.json'];
const STAMPS = join(ROOT, 'node_modules/.cache/chat-start');

/** Build steps that compile projects and then bundle apps. */
const typescript = (projects, bundles = []) => ({
  outputs: (folders) => [
    ...folders.map((folder) => join(folder, 'dist')),
    ...bundles.map((app) => join(ROOT, app, 'bundle')),
  ],
  commands: async (folders) => [
    [
      'typescript/bin/tsc',
      '--build',
      ...projects,
      ...((await isOutputMissing(folders)) ? ['--force'] : []),
    ],
    ...bundles.map((app) => [
      'rolldown/bin/cli.mjs',
      '-c',
      `${app}/rolldown.config.js`,
      '--dir',
      stagingFolder(`${app}/bundle`),
    ]),
  ],
  install: () => Promise.all(bundles.map((app) => installFolder(`${app}/bundle`))),
});

/** Staging folder of a build, so that a server started during it never reads incomplete output. */
const stagingFolder = (folder) => join(STAMPS, `${folder.replaceAll('/', '-')}-${process.pid}`);

/** Replaces an output folder with its staging folder. */
async function installFolder(folder) {
  const installed = join(ROOT, folder);
  const old = `${stagingFolder(folder)}-old`;
  if (existsSync(installed)) await rename(installed, old);
  await rename(stagingFolder(folder), installed);
  await rm(old, { recursive: true, force: true });
}

/** Build targets and their commands. */
export const BUILD_TARGETS = {
  standalone: {
    name: 'the server',
    apps: ['@chat/standalone'],
    ...typescript(['apps/standalone/tsconfig.app.json'], ['apps/standalone']),
  },
  services: {
    name: 'the services',
    apps: [
      '@chat/users-service',
      '@chat/messages-service',
      '@chat/chat-service',
      '@chat/gateway-service',
      '@chat/bench',
      '@chat/faults',
      '@chat/tools',
    ],
    ...typescript(
      [
        'apps/users/tsconfig.app.json',
        'apps/messages/tsconfig.app.json',
        'apps/chat/tsconfig.app.json',
        'apps/gateway/tsconfig.app.json',
        'testing/bench/tsconfig.app.json',
        'testing/faults/tsconfig.app.json',
        'tools/tsconfig.app.json',
      ],
      ['apps/users', 'apps/messages', 'apps/chat', 'apps/gateway'],
    ),
  },
  bench: {
    name: 'the benchmark',
    apps: ['@chat/bench'],
    ...typescript(['testing/bench/tsconfig.app.json']),
  },
  faults: {
    name: 'the fault suite',
    apps: ['@chat/faults'],
    ...typescript(['testing/faults/tsconfig.app.json']),
  },
  tools: {
    name: 'the tools',
    apps: ['@chat/tools'],
    ...typescript(['tools/tsconfig.app.json']),
  },
  page: {
    name: 'the web client',
    apps: ['@chat/web'],
    outputs: (folders) => [join(folders[0], 'dist')],
    commands: async () => [
      [
        'vite/bin/vite.js',
        'build',
        'apps/web',
        '--logLevel',
        'warn',
        '--outDir',
        stagingFolder('apps/web/dist'),
        '--emptyOutDir',
      ],
    ],
    install: () => installFolder('apps/web/dist'),
  },
};

/** Builds the targets that are out of date; prints the reason and exits when a build fails. */
export async function buildOrExit(...targets) {
  try {
    await buildOutdated(targets);
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/**
 * Builds the targets whose output is missing or outdated. Progress goes to stderr, so that it does
 * not mix with the stdout of the command; if nothing is built, nothing is printed.
 *
 * The stamp of a target is removed before its build and written after it, so an interrupted
 * build is never considered complete.
 *
 * @param targets entries of {@link BUILD_TARGETS}
 * @throws BuildFailure
 */
async function buildOutdated(targets) {
  if (!existsSync(join(ROOT, 'node_modules/typescript'))) {
    throw new BuildFailure('The dependencies are not installed: run `npm ci` first.');
  }
  const stale = [];
  for (const target of targets) {
    const folders = await foldersNeededBy(...target.apps);
    if ((await readStamp(target)) !== (await currentStamp(target, folders))) {
      stale.push({ target, folders });
    }
  }
  if (stale.length === 0) return;

  const children = new Set();
  const abortBuilds = (signal) => {
    for (const child of children) child.kill('SIGKILL');
    process.exit(128 + constants.signals[signal]);
  };
  process.on('SIGINT', abortBuilds).on('SIGTERM', abortBuilds).on('SIGHUP', abortBuilds);
  try {
    await Promise.all(stale.map(({ target, folders }) => build(target, folders, children)));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    process.off('SIGINT', abortBuilds).off('SIGTERM', abortBuilds).off('SIGHUP', abortBuilds);
  }
}

async function build(target, folders, children) {
  const startedAt = performance.now();
  console.error(`Building ${target.name}…`);
  await rm(stampFile(target), { force: true });
  const sources = await sourceFingerprint(folders);
  for (const command of await target.commands(folders)) await run(target, command, children);
  await target.install();
  await writeStamp(target, `${sources} ${await outputFingerprint(target, folders)}`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.error(`Built ${target.name} in ${seconds} s.`);
}

function run(target, [script, ...args], children) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      children.delete(child);
      if (code === 0) resolve();
      else reject(new BuildFailure(`${output}\nBuilding ${target.name} failed.`));
    });
  });
}

async function currentStamp(target, folders) {
  return `${await sourceFingerprint(folders)} ${await outputFingerprint(target, folders)}`;
}

async function sourceFingerprint(folders) {
  const files = [...SHARED_SOURCES.map((file) => join(ROOT, file))];
  for (const folder of folders) files.push(...(await listFiles(folder, isSource)));
  return fingerprint(files);
}

async function outputFingerprint(target, folders) {
  const files = [];
  for (const folder of target.outputs(folders)) files.push(...(await listFiles(folder, isOutput)));
  return fingerprint(files);
}

const isSource = (name) =>
  !['bundle', 'dist', 'node_modules', 'test', 'test-results', 'coverage'].includes(name) &&
  !/\.(spec\.tsx?|md)$/.test(name);
/** Type checking writes the output of the specs to the same folder; it is not part of a build. */
const isOutput = (name) => name !== 'spec' && name !== 'tsconfig.spec.tsbuildinfo';

/** `tsc --build` trusts its build info: it does not detect that an output file was removed. */
async function isOutputMissing(folders) {
  for (const folder of folders) {
    const src = join(folder, 'src');
    for (const file of await listFiles(src, isSource)) {
      const output = join(folder, 'dist', file.slice(src.length)).replace(/\.ts$/, '.js');
      if (!existsSync(output) && existsSync(join(folder, 'dist'))) return true;
    }
  }
  return false;
}

const stampFile = (target) => join(STAMPS, target.apps[0].replace('@chat/', ''));

async function readStamp(target) {
  try {
    return await readFile(stampFile(target), 'utf8');
  } catch {
    return undefined;
  }
}

async function writeStamp(target, stamp) {
  const file = stampFile(target);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, stamp);
  await rename(`${file}.new`, file);
}
