import { fileURLToPath } from 'node:url';
import { runProcess } from '@chat/platform/process';
import { startStandalone } from './standalone-server.ts';
import { standaloneSettings } from './standalone-settings.ts';

const PAGE_FOLDER = fileURLToPath(new URL('../../web/dist', import.meta.url));

await runProcess({
  about: 'The complete chat server in one process: web client, REST API, sockets and storage.',
  usage: 'npm start -- [options]',
  settings: standaloneSettings,
  start: async (settings, fail) => {
    const server = await startStandalone(settings, PAGE_FOLDER, (error) => {
      fail('The store failed.', error);
    });
    return {
      ready:
        `The chat server is ready at ${server.url} (data in ${settings.DATA_DIR}). ` +
        'Ctrl-C stops it.',
      close: () => server.close(),
    };
  },
});
