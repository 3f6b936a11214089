import { fileURLToPath } from 'node:url';
import { loadSettings } from '@chat/platform';
import { helpText } from './help.ts';
import { startStandalone } from './standalone-server.ts';
import { standaloneSettings } from './standalone-settings.ts';
import { startFailure } from './start-failure.ts';

const PAGE_FOLDER = fileURLToPath(new URL('../../web/dist', import.meta.url));
/** A stop that takes longer than this is broken off. */
const LONGEST_STOP_MS = 15_000;

const argv = process.argv.slice(2);
if (argv.includes('--help') || argv.includes('-h')) {
  console.log(helpText());
  process.exit(0);
}

try {
  const settings = loadSettings(standaloneSettings, { argv, env: process.env, envFile: '.env' });
  const server = await startStandalone(settings, PAGE_FOLDER, (error) => {
    console.error('The store has failed; stopping.', error);
    process.exit(1);
  });
  console.log(
    `The chat is ready at ${server.url} (data in ${settings.DATA_DIR}). Ctrl-C stops it.`,
  );

  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error('The stop failed.', error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
} catch (error) {
  console.error(startFailure(error));
  process.exit(1);
}
