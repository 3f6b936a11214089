import { buildOrExit, BUILD_TARGETS } from '../start/build.mjs';

await buildOrExit(BUILD_TARGETS.tools);
await import(new URL('../dist/socket-test/socket-test.js', import.meta.url).href);
