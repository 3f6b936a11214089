// Backward-compatible entry point for the smoke test: `cd tools && node socket_test.js`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const START = fileURLToPath(new URL('socket-test/start-socket-test.mjs', import.meta.url));
/** Node from the dependencies, which `npm run` also uses: the installed `node` may be too old. */
const BUNDLED_NODE = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

const node = existsSync(BUNDLED_NODE) ? BUNDLED_NODE : process.execPath;
const { error, status } = spawnSync(node, [START, ...process.argv.slice(2)], { stdio: 'inherit' });
if (error) throw error;
process.exitCode = status ?? 1;
