import { setTimeout as delay } from 'node:timers/promises';
import { StartError, UnavailableError } from '@chat/platform/failures';
import type { HealthChecks } from '@chat/platform/monitoring';
import { getConnectionToken } from '@nestjs/mongoose';
import {
  Global,
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { createConnection, type Connection, type ConnectOptions, type Model } from 'mongoose';
import { startHeartbeatWatchdog } from './heartbeat-watchdog.ts';
import { translateErrors, unavailable } from './mongo-failure.ts';
import type { MongoSettings } from './mongo-settings.ts';

/** Delay between two attempts while MongoDB is unavailable at startup. */
const START_RETRY_MS = 1_000;
const MAX_CONNECTIONS = 50;
const OPENED = 'opened-connection';
/** Value of the log field `dependency`. */
const dependency = 'MongoDB';

const logger = new Logger(dependency);

/** Provides a named connection for `MongooseModule.forFeature` and `getConnectionToken`. */
@Global()
@Module({})
export class MongoConnectionModule implements OnApplicationShutdown {
  constructor(@Inject(OPENED) private readonly connection: Connection) {}

  static of(name: string, settings: MongoSettings): DynamicModule {
    const token = getConnectionToken(name);
    return {
      module: MongoConnectionModule,
      providers: [
        { provide: token, useFactory: () => connect(name, settings) },
        { provide: OPENED, useExisting: token },
      ],
      exports: [token],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

/**
 * Connects to MongoDB; waits indefinitely while it is unavailable.
 *
 * @throws StartError when the address is invalid or MongoDB rejects the credentials
 */
async function connect(name: string, { uri, timeoutMs }: MongoSettings): Promise<Connection> {
  const options = connectionOptions(name, timeoutMs);
  const connection = await retryWhileUnavailable(async () => {
    const opening = createConnection(uri, options);
    try {
      return await opening.asPromise();
    } catch (error) {
      await opening.destroy();
      throw error;
    }
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`MONGO_URI: MongoDB cannot be used: ${reason}`);
  });
  logStateChanges(connection);
  startHeartbeatWatchdog(connection, timeoutMs);
  return connection;
}

/**
 * Returns the options of a connection. A write succeeds once a majority has it in its
 * journal, and reads return only such data: a failover cannot roll back what was read.
 */
function connectionOptions(name: string, timeoutMs: number): ConnectOptions {
  return {
    appName: `chat-${name}`,
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: timeoutMs },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    socketTimeoutMS: timeoutMs,
    waitQueueTimeoutMS: timeoutMs,
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    maxPoolSize: MAX_CONNECTIONS,
    bufferCommands: false,
    autoIndex: false,
    autoCreate: false,
  };
}

/** Creates the missing indexes of a model; resolves once they can be used. */
export async function withIndexes<Document>(model: Model<Document>): Promise<Model<Document>> {
  await retryWhileUnavailable(() => model.createIndexes());
  return model;
}

/** Registers a health check that pings the database. */
export function registerHealthCheck(health: HealthChecks, connection: Connection): void {
  health.register('mongodb', async () => {
    if (!connection.db) throw unavailable();
    await connection.db.command({ ping: 1 });
  });
}

/** Retries an operation while MongoDB is unavailable; logs the first failure only. */
async function retryWhileUnavailable<T>(operation: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await translateErrors(operation);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      if (attempt === 1) logger.warn({ dependency, err: error.cause }, 'waiting for dependency');
      await delay(START_RETRY_MS);
    }
  }
}

/** Logs each change of the connection state once, except for the planned disconnect at shutdown. */
function logStateChanges(connection: Connection): void {
  const onDisconnected = (): void => {
    logger.warn({ dependency }, 'dependency unavailable');
  };
  connection.on('disconnected', onDisconnected);
  connection.on('connected', () => {
    logger.log({ dependency }, 'dependency available again');
  });
  connection.once('disconnecting', () => connection.off('disconnected', onDisconnected));
  logger.log({ dependency }, 'dependency connected');
}
