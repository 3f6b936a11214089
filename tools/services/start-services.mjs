import { buildOrExit, BUILD_TARGETS } from '../start/build.mjs';
import { ignoreOutputErrors, stopWithNpm } from '../start/npm-command.mjs';

ignoreOutputErrors();
stopWithNpm();
if (process.argv.includes('--help')) await buildOrExit(BUILD_TARGETS.tools);
else await buildOrExit(BUILD_TARGETS.services, BUILD_TARGETS.page);
await import(new URL('../dist/services/services.js', import.meta.url).href);
