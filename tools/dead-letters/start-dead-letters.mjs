import { buildOrExit, BUILD_TARGETS } from '../start/build.mjs';

await buildOrExit(BUILD_TARGETS.tools);
await import(new URL('../dist/dead-letters/dead-letters.js', import.meta.url).href);
