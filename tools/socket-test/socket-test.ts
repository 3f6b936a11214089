import { HELP, type Options, readOptions } from './options.ts';
import { smokeTest } from './smoke-test.ts';

const TIME_LIMIT_MS = 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`socket-test: ${(error as Error).message} (--help shows the options)`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const startedAt = performance.now();
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  const timeout = new Promise<never>((_resolve, reject) => {
    limit.addEventListener('abort', () =>
      reject(new Error(`the test did not finish within ${TIME_LIMIT_MS / 1_000} s.`)),
    );
  });
  try {
    console.log(`Testing ${options.url}`);
    await Promise.race([smokeTest(options.url, (line) => console.log(line), limit), timeout]);
    console.log(`All checks passed (${Math.round(performance.now() - startedAt)} ms).`);
    return 0;
  } catch (error) {
    console.error(`FAILED  ${options.url}: ${(error as Error).message}`);
    return 1;
  }
}
