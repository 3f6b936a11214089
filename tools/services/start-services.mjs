import { BuildFailure, bringUpToDate, PARTS } from '../start/build.mjs';
import { outliveReaders, stopWithNpm } from '../start/npm-command.mjs';

outliveReaders();
stopWithNpm();

if (!process.argv.includes('--help')) {
  try {
    await bringUpToDate([PARTS.services, PARTS.page]);
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
await import(new URL('../dist/services/services.js', import.meta.url).href);
