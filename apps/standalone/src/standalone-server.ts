import { resolveJwtSecret } from '@chat/auth';
import {
  configureHttpApp,
  corsOrigin,
  serveOpenApi,
  servePage,
  startHttpApp,
  type HttpServer,
} from '@chat/platform/http';
import { createLogger } from '@chat/platform/logging';
import { SocketIoAdapter } from '@chat/realtime';
import { openSqliteStorage } from '@chat/storage-sqlite';
import { Logger } from '@nestjs/common';
import type { StandaloneSettings } from './standalone-settings.ts';
import { StandaloneModule } from './standalone.module.ts';

/**
 * Opens the store, starts the app and listens. `close` shuts down gracefully: it completes
 * requests in flight, notifies clients and closes the store.
 *
 * @param pageFolder folder with the built web client
 * @param onStorageFailure called when the store has failed permanently; the process should exit
 * @throws StartError for causes that the operator can fix
 */
export async function startStandalone(
  settings: StandaloneSettings,
  pageFolder: string,
  onStorageFailure: (error: unknown) => void,
): Promise<HttpServer> {
  // Before the store is opened: opening may wait for the data directory, and logs the wait.
  Logger.overrideLogger(createLogger(settings));
  const storage = await openSqliteStorage({
    dataDir: settings.DATA_DIR,
    onFailure: onStorageFailure,
  });
  try {
    const jwtSecret = resolveJwtSecret(settings, settings.DATA_DIR);
    const server = await startHttpApp(
      { ...settings, STOP_DELAY_MS: 0 },
      {
        module: StandaloneModule.of(settings, jwtSecret, storage),
        configure: (app) => {
          configureHttpApp(app, settings);
          app.useWebSocketAdapter(
            new SocketIoAdapter(app, {
              cors: { origin: corsOrigin(settings) },
              heartbeat: settings,
            }),
          );
          serveOpenApi(app);
          servePage(app, pageFolder);
        },
      },
    );
    return {
      url: server.url,
      close: async () => {
        await server.close();
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}
