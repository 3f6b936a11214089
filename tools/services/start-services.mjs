import { buildOrExit, PARTS } from '../start/build.mjs';
import { outliveReaders, stopWithNpm } from '../start/npm-command.mjs';

outliveReaders();
stopWithNpm();
if (process.argv.includes('--help')) await buildOrExit(PARTS.tools);
else await buildOrExit(PARTS.services, PARTS.page);
await import(new URL('../dist/services/services.js', import.meta.url).href);
