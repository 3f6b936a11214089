import { buildOrExit, PARTS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();
if (process.argv.includes('--help')) await buildOrExit(PARTS.faults);
else await buildOrExit(PARTS.services, PARTS.page);
await import(new URL('../../apps/faults/dist/main.js', import.meta.url).href);
