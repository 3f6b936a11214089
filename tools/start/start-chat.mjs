import { BuildFailure, bringUpToDate, PARTS } from './build.mjs';
import { outliveReaders, stopWithNpm } from './npm-command.mjs';

outliveReaders();
stopWithNpm();

try {
  await bringUpToDate([PARTS.standalone, PARTS.page]);
} catch (error) {
  if (!(error instanceof BuildFailure)) throw error;
  console.error(error.message);
  process.exit(1);
}
await import(new URL('../../apps/standalone/dist/main.js', import.meta.url).href);
