import { BuildFailure, bringUpToDate, PARTS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();

try {
  await bringUpToDate([PARTS.services, PARTS.page]);
} catch (error) {
  if (!(error instanceof BuildFailure)) throw error;
  console.error(error.message);
  process.exit(1);
}
await import(new URL('../../apps/faults/dist/main.js', import.meta.url).href);
