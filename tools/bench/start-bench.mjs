import { buildOrExit, PARTS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();
if (process.argv.includes('--help')) await buildOrExit(PARTS.tools);
else await buildOrExit(PARTS.standalone, PARTS.services);
await import(new URL('../dist/bench/bench.js', import.meta.url).href);
