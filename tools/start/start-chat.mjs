import { buildOrExit, PARTS } from './build.mjs';
import { outliveReaders, stopWithNpm } from './npm-command.mjs';

outliveReaders();
stopWithNpm();
await buildOrExit(PARTS.standalone, PARTS.page);
await import(new URL('../../apps/standalone/bundle/main.js', import.meta.url).href);
