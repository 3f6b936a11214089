import { concurrently } from 'concurrently';
import { buildOrExit, BUILD_TARGETS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();

// The server also serves the built page, which must exist before it starts.
await buildOrExit(BUILD_TARGETS.standalone, BUILD_TARGETS.page);

const { result } = concurrently(
  [
    {
      name: 'build',
      command: 'tsc --build --watch --preserveWatchOutput apps/standalone/tsconfig.app.json',
    },
    { name: 'server', command: 'node --watch apps/standalone/dist/main.js' },
    { name: 'page', command: 'vite apps/web' },
  ],
  { cwd: new URL('../..', import.meta.url).pathname, killOthersOn: ['failure', 'success'] },
);
await result.catch(() => {
  process.exitCode = 1;
});
