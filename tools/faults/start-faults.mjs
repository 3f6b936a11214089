import { buildOrExit, BUILD_TARGETS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();
if (process.argv.includes('--help')) await buildOrExit(BUILD_TARGETS.faults);
else await buildOrExit(BUILD_TARGETS.services, BUILD_TARGETS.page);
await import(new URL('../../testing/faults/dist/main.js', import.meta.url).href);
