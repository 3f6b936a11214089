import { concurrently } from 'concurrently';
import { buildOrExit, PARTS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();

// The server serves a built page too, so one must be there before it starts.
await buildOrExit(PARTS.standalone, PARTS.page);

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
