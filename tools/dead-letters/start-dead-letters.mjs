import { buildOrExit, PARTS } from '../start/build.mjs';

await buildOrExit(PARTS.tools);
await import(new URL('../dist/dead-letters/dead-letters.js', import.meta.url).href);
