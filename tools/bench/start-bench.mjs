import { BuildFailure, bringUpToDate, PARTS } from '../start/build.mjs';
import { stopWithNpm } from '../start/npm-command.mjs';

stopWithNpm();

if (!process.argv.includes('--help')) {
  try {
    await bringUpToDate([PARTS.standalone, PARTS.services]);
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
await import(new URL('../dist/bench/bench.js', import.meta.url).href);
