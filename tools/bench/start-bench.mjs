import { buildOrExit, BUILD_TARGETS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();
if (process.argv.includes('--help')) await buildOrExit(BUILD_TARGETS.tools);
else await buildOrExit(BUILD_TARGETS.standalone, BUILD_TARGETS.services);
await import(new URL('../dist/bench/bench.js', import.meta.url).href);
