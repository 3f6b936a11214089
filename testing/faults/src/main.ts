import { codeVersion } from './code-version.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { ResultFile } from './results.ts';
import { tableOf } from './table.ts';

// Explicit exit: Node was observed to spin forever at exit after links had been reset.
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`faults: ${(error as Error).message} (--help shows the options)`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  if (options.table) {
    const { key } = await codeVersion();
    const results = await new ResultFile(options.out).read();
    console.log(tableOf(results.filter(({ code }) => code === key)));
    return 0;
  }
  // Loading it takes a second, which the help and errors in options need not wait for.
  const { runSeries } = await import('./series.ts');
  const stopped = new AbortController();
  process.once('SIGINT', () => {
    console.log('Stopping after this run…');
    stopped.abort();
  });
  const passed = await runSeries(options, (line) => console.log(line), stopped.signal);
  console.log(passed ? 'All invariants held.' : 'The fault suite failed.');
  return passed ? 0 : 1;
}
