import { execFile } from 'node:child_process';
import { access, constants, mkdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** How long a download may take, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** Tells the other processes of a test run that a download has failed, so that each does not wait for its own. */
const FAILURE = fileURLToPath(
  new URL('../../../node_modules/.cache/chat/mongodb-download-failed', import.meta.url),
);
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
  const candidates = named
    ? [named]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'mongod'));
  for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  if (named) throw new Error(`MONGOMS_SYSTEM_BINARY: ${named} cannot be run`);
  return download();
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** In a process of its own, because a download that hangs can only be killed. */
async function download(): Promise<string> {
  const missing = 'MongoDB is not installed and could not be downloaded';
  const help = 'MONGOMS_SYSTEM_BINARY can name a mongod.';
  if (await hasJustFailed()) {
    throw new Error(`${missing} minutes ago (remove ${FAILURE} to try again); ${help}`);
  }
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
  throw new Error(`${missing}; ${help}`);
}

async function hasJustFailed(): Promise<boolean> {
  try {
    return Date.now() - (await stat(FAILURE)).mtimeMs < FAILURE_COUNTS_FOR_MS;
  } catch {
    return false;
  }
}
