import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findOnPath, isExecutable } from '../processes/programs.ts';

/** Timeout for the download, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/**
 * Marks a failed download, so that other processes of the test run do not each wait for another.
 */
const FAILURE_MARKER = join(ROOT, 'node_modules/.cache/chat/mongodb-download-failed');
const FAILURE_TTL_MS = 10 * 60_000;

const PACKAGE = createRequire(import.meta.url).resolve('mongodb-memory-server-core');
const DOWNLOAD = `
  require(${JSON.stringify(PACKAGE)}).MongoBinary.getPath({}).then(
    (path) => console.log(path),
    (error) => { console.error(error.message); process.exit(1); },
  );
`;

let binary: Promise<string> | undefined;

/**
 * Returns the path of a mongod: the one that MONGOMS_SYSTEM_BINARY names, otherwise one on
 * the PATH, otherwise the official binary, downloaded once for all tests.
 *
 * @throws Error when there is none, or the download failed or timed out
 */
export function mongoBinary(): Promise<string> {
  binary ??= find();
  return binary;
}

async function find(): Promise<string> {
  const named = process.env['MONGOMS_SYSTEM_BINARY'];
  if (named && isExecutable(named)) return named;
  if (named) throw new Error(`mongod is missing: MONGOMS_SYSTEM_BINARY names ${named}`);
  return findOnPath('mongod') ?? (await download());
}

/** Downloads in a separate process, because a download that hangs can only be killed. */
async function download(): Promise<string> {
  const missing = new Error(
    'mongod is not on the PATH and could not be downloaded ' +
      '(brew install mongodb-community, https://www.mongodb.com/try/download/community, ' +
      `or name one in MONGOMS_SYSTEM_BINARY; remove ${relative(ROOT, FAILURE_MARKER)} to try the download again)`,
  );
  if (await hasRecentlyFailed()) throw missing;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', DOWNLOAD], {
      timeout: DOWNLOAD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const path = stdout.trim().split('\n').at(-1);
    if (path) return path;
  } catch {
    // Reported below; the reason is a stack trace of the downloader.
  }
  await mkdir(dirname(FAILURE_MARKER), { recursive: true });
  await writeFile(FAILURE_MARKER, '');
  throw missing;
}

async function hasRecentlyFailed(): Promise<boolean> {
  try {
    return Date.now() - (await stat(FAILURE_MARKER)).mtimeMs < FAILURE_TTL_MS;
  } catch {
    return false;
  }
}
