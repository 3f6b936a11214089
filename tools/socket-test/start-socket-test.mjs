import { buildOrExit, PARTS } from '../start/build.mjs';

await buildOrExit(PARTS.tools);
await import(new URL('../dist/socket-test/socket-test.js', import.meta.url).href);
