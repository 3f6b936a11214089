import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fingerprint, listFiles } from './fingerprint.mjs';
import { foldersNeededBy, ROOT } from '../workspace.mjs';

/** A build did not succeed; the message says what it printed, or why it could not run. */
class BuildFailure extends Error {}

const SHARED_SOURCES = ['package-lock.json', 'rolldown.preset.js', 'tsconfig.base.json'];
const STAMPS = join(ROOT, 'node_modules/.cache/chat-start');

/** Compiles these projects, then bundles these apps. */
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
      ...((await hasLostOutput(folders)) ? ['--force'] : []),
    ],
    ...bundles.map((app) => [
      'rolldown/bin/cli.mjs',
      '-c',
      `${app}/rolldown.config.js`,
      '--dir',
      newFolder(`${app}/bundle`),
    ]),
  ],
  install: () => Promise.all(bundles.map((app) => installFolder(`${app}/bundle`))),
});

/** Where this process makes a folder that servers read: one that starts meanwhile must not find half of it. */
const newFolder = (folder) => join(STAMPS, `${folder.replaceAll('/', '-')}-${process.pid}`);

/** Replaces a folder by the new one. */
async function installFolder(folder) {
  const installed = join(ROOT, folder);
  const old = `${newFolder(folder)}-old`;
  if (existsSync(installed)) await rename(installed, old);
  await rename(newFolder(folder), installed);
  await rm(old, { recursive: true, force: true });
}

/** What can be built, and how. */
export const PARTS = {
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
      '@chat/faults',
      '@chat/tools',
    ],
    ...typescript(
      [
        'apps/users/tsconfig.app.json',
        'apps/messages/tsconfig.app.json',
        'apps/chat/tsconfig.app.json',
        'apps/gateway/tsconfig.app.json',
        'apps/faults/tsconfig.app.json',
        'tools/tsconfig.app.json',
      ],
      ['apps/users', 'apps/messages', 'apps/chat', 'apps/gateway'],
    ),
  },
  faults: {
    name: 'the fault suite',
    apps: ['@chat/faults'],
    ...typescript(['apps/faults/tsconfig.app.json']),
  },
  tools: {
    name: 'the tools',
    apps: ['@chat/tools'],
    ...typescript(['tools/tsconfig.app.json']),
  },
  page: {
    name: 'the web page',
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
        newFolder('apps/web/dist'),
        '--emptyOutDir',
      ],
    ],
    install: () => installFolder('apps/web/dist'),
  },
};

/** Builds like {@link bringUpToDate}; when that fails, ends the process with the reason. */
export async function buildOrExit(...parts) {
  try {
    await bringUpToDate(parts);
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/**
 * Builds what is missing or older than its sources, and prints nothing when nothing is. Progress
 * goes to standard error, so that a command's own output stays whole.
 *
 * A part's stamp is removed before its build and written after it, so a build that was
 * broken off is never taken for a finished one.
 *
 * @param parts of {@link PARTS}
 * @throws BuildFailure
 */
async function bringUpToDate(parts) {
  if (!existsSync(join(ROOT, 'node_modules/typescript'))) {
    throw new BuildFailure('The dependencies are not installed: run `npm ci` first.');
  }
  const stale = [];
  for (const part of parts) {
    const folders = await foldersNeededBy(...part.apps);
    if ((await readStamp(part)) !== (await currentStamp(part, folders))) {
      stale.push({ part, folders });
    }
  }
  if (stale.length === 0) return;

  const children = new Set();
  const endBuilds = (signal) => {
    for (const child of children) child.kill('SIGKILL');
    process.exit(128 + constants.signals[signal]);
  };
  process.on('SIGINT', endBuilds).on('SIGTERM', endBuilds).on('SIGHUP', endBuilds);
  try {
    await Promise.all(stale.map(({ part, folders }) => build(part, folders, children)));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    process.off('SIGINT', endBuilds).off('SIGTERM', endBuilds).off('SIGHUP', endBuilds);
  }
}

async function build(part, folders, children) {
  const startedAt = performance.now();
  console.error(`Building ${part.name} …`);
  await rm(stampFile(part), { force: true });
  const sources = await sourceFingerprint(folders);
  for (const command of await part.commands(folders)) await run(part, command, children);
  await part.install();
  await writeStamp(part, `${sources} ${await outputFingerprint(part, folders)}`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.error(`Built ${part.name} in ${seconds} s.`);
}

function run(part, [script, ...args], children) {
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
      else reject(new BuildFailure(`${output}\nBuilding ${part.name} failed.`));
    });
  });
}

async function currentStamp(part, folders) {
  return `${await sourceFingerprint(folders)} ${await outputFingerprint(part, folders)}`;
}

async function sourceFingerprint(folders) {
  const files = [...SHARED_SOURCES.map((file) => join(ROOT, file))];
  for (const folder of folders) files.push(...(await listFiles(folder, isSource)));
  return fingerprint(files);
}

async function outputFingerprint(part, folders) {
  const files = [];
  for (const folder of part.outputs(folders)) files.push(...(await listFiles(folder, isOutput)));
  return fingerprint(files);
}

const isSource = (name) =>
  !['bundle', 'dist', 'node_modules', 'test', 'test-results', 'coverage'].includes(name) &&
  !/\.(spec\.tsx?|md)$/.test(name);
/** Type checks put what they make of the specs beside the output. */
const isOutput = (name) => name !== 'spec' && name !== 'tsconfig.spec.tsbuildinfo';

/** `tsc --build` trusts its own notes: it does not see that a file which it wrote is gone. */
async function hasLostOutput(folders) {
  for (const folder of folders) {
    const src = join(folder, 'src');
    for (const file of await listFiles(src, isSource)) {
      const output = join(folder, 'dist', file.slice(src.length)).replace(/\.ts$/, '.js');
      if (!existsSync(output) && existsSync(join(folder, 'dist'))) return true;
    }
  }
  return false;
}

const stampFile = (part) => join(STAMPS, part.apps[0].replace('@chat/', ''));

async function readStamp(part) {
  try {
    return await readFile(stampFile(part), 'utf8');
  } catch {
    return undefined;
  }
}

async function writeStamp(part, stamp) {
  const file = stampFile(part);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, stamp);
  await rename(`${file}.new`, file);
}
