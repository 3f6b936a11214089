import { resolveJwtSecret } from '@chat/auth';
import { configureHttpApp, serveOpenApi, startHttpApp } from '@chat/platform/http';
import { runProcess } from '@chat/platform/process';
import { usersSettings } from './users-settings.ts';
import { UsersServiceModule } from './users-service.module.ts';

/** Directory of the generated JWT secret (development), relative to the working directory. */
const DATA_DIR = 'data';

await runProcess({
  about: 'The users service: accounts, sign-in and sessions.',
  usage: 'npx nx serve users-service -- [options]',
  settings: usersSettings,
  start: async (settings) => {
    const server = await startHttpApp(settings, {
      module: UsersServiceModule.of(settings, resolveJwtSecret(settings, DATA_DIR)),
      configure: (app) => {
        configureHttpApp(app, settings);
        serveOpenApi(app);
      },
    });
    return { ready: `The users service is ready at ${server.url}.`, close: () => server.close() };
  },
});
