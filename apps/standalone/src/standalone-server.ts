import { resolveJwtSecret } from '@chat/auth';
import { configureHttpApp, corsOrigin, createOpenApiDocument, serveOpenApi } from '@chat/platform';
import { SocketIoAdapter } from '@chat/realtime';
import { openSqliteStorage } from '@chat/storage-sqlite';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { servePage } from './page.ts';
import type { StandaloneSettings } from './standalone-settings.ts';
import { StandaloneModule } from './standalone.module.ts';

export interface StandaloneServer {
  /** Where a browser finds it. */
  readonly url: string;
  /** Drains: answers what was sent, tells clients, closes the store. */
  close(): Promise<void>;
}

/**
 * Opens the store, wires everything and listens.
 *
 * @param pageFolder the built web client
 * @param onStorageFailure told when the store is lost for good; the process should end
 * @throws SettingsError, DataFolderInUseError, DataFolderUnusableError, or what `listen` throws
 */
export async function startStandalone(
  settings: StandaloneSettings,
  pageFolder: string,
  onStorageFailure: (error: unknown) => void,
): Promise<StandaloneServer> {
  const storage = await openSqliteStorage({
    dataDir: settings.DATA_DIR,
    onFailure: onStorageFailure,
  });
  try {
    const jwtSecret = resolveJwtSecret(settings, settings.DATA_DIR);
    const app = await NestFactory.create<NestExpressApplication>(
      StandaloneModule.of(settings, jwtSecret, storage),
      { bufferLogs: true, bodyParser: false, abortOnError: false },
    );
    configureHttpApp(app, settings);
    app.useWebSocketAdapter(new SocketIoAdapter(app, { origin: corsOrigin(settings) }));
    serveOpenApi(app, createOpenApiDocument(app, API_INFO));
    servePage(app, pageFolder);
    await app.listen(settings.PORT, settings.HOST);
    return {
      url: browserUrl(await app.getUrl()),
      close: async () => {
        await app.close();
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

const API_INFO = {
  title: 'Chat API',
  version: '1.0.0',
  description:
    'Accounts, rooms and message history. Messages are sent and received over Socket.IO; ' +
    'its events are described at /asyncapi.json.',
};

function browserUrl(url: string): string {
  return url.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])/, '//localhost');
}
