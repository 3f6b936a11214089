import { buildOrExit, BUILD_TARGETS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();
if (process.argv.includes('--help')) await buildOrExit(BUILD_TARGETS.bench);
else await buildOrExit(BUILD_TARGETS.standalone, BUILD_TARGETS.services, BUILD_TARGETS.page);
await import(new URL('../../testing/bench/dist/main.js', import.meta.url).href);
