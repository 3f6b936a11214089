import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findOnPath, isExecutable } from './programs.ts';

/** How long a download may take, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Tells the other processes of a test run that a download has failed, so that each does not wait for its own. */
const FAILURE = join(ROOT, 'node_modules/.cache/chat/mongodb-download-failed');
const FAILURE_COUNTS_FOR_MS = 10 * 60_000;

const PACKAGE = createRequire(import.meta.url).resolve('mongodb-memory-server-core');
const DOWNLOAD = `
  require(${JSON.stringify(PACKAGE)}).MongoBinary.getPath({}).then(
    (path) => console.log(path),
    (error) => { console.error(error.message); process.exit(1); },
  );
`;

let found: Promise<string> | undefined;

/**
 * Path of a mongod: the one that MONGOMS_SYSTEM_BINARY names, else one on the
 * PATH, else the real one, downloaded once for all tests.
 *
 * @throws Error when there is none, or it did not come in time
 */
export function mongoBinary(): Promise<string> {
  found ??= find();
  return found;
}

async function find(): Promise<string> {
  const named = process.env['MONGOMS_SYSTEM_BINARY'];
  if (named && isExecutable(named)) return named;
  if (named) throw new Error(`mongod is missing: MONGOMS_SYSTEM_BINARY names ${named}`);
  return findOnPath('mongod') ?? (await download());
}

/** In a process of its own, because a download that hangs can only be killed. */
async function download(): Promise<string> {
  const missing = new Error(
    'mongod is not on the PATH and could not be downloaded ' +
      '(brew install mongodb-community, https://www.mongodb.com/try/download/community, ' +
      `or name one in MONGOMS_SYSTEM_BINARY; remove ${relative(ROOT, FAILURE)} to try the download again)`,
  );
  if (await hasJustFailed()) throw missing;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', DOWNLOAD], {
      timeout: DOWNLOAD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const path = stdout.trim().split('\n').at(-1);
    if (path) return path;
  } catch {
    // Said below; the reason is a trace of the downloader's.
  }
  await mkdir(dirname(FAILURE), { recursive: true });
  await writeFile(FAILURE, '');
  throw missing;
}

async function hasJustFailed(): Promise<boolean> {
  try {
    return Date.now() - (await stat(FAILURE)).mtimeMs < FAILURE_COUNTS_FOR_MS;
  } catch {
    return false;
  }
}
