import { buildOrExit, BUILD_TARGETS } from './build.mjs';
import { ignoreOutputErrors, stopWithNpm } from './npm-command.mjs';

ignoreOutputErrors();
stopWithNpm();
await buildOrExit(BUILD_TARGETS.standalone, BUILD_TARGETS.page);
await import(new URL('../../apps/standalone/bundle/main.js', import.meta.url).href);
