import { setTimeout as delay } from 'node:timers/promises';
import { StartError, UnavailableError, type HealthChecks } from '@chat/platform';
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
import { watchHeartbeats } from './heartbeat-watch.ts';
import { reaching, unavailable } from './mongo-failure.ts';

export interface MongoSettings {
  /** `mongodb://host:port/database`, or `mongodb+srv://`. */
  readonly uri: string;
  /** Longest wait for a server, for a free connection and for an answer, each, in milliseconds. */
  readonly timeoutMs: number;
}

/** Between two looks for a MongoDB that is not there at the start. */
const START_DELAY_MS = 1_000;
const MAX_CONNECTIONS = 50;
const OPENED = 'opened-connection';

const logger = new Logger('MongoDB');

/** A connection of a name of its own, for `MongooseModule.forFeature` and `getConnectionToken`. */
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
 * Waits for MongoDB for as long as it takes.
 *
 * @throws StartError when the address cannot be one of a MongoDB that lets us in
 */
async function connect(name: string, { uri, timeoutMs }: MongoSettings): Promise<Connection> {
  const options = optionsOf(name, timeoutMs);
  const connection = await patiently(async () => {
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
  tellOfState(connection);
  watchHeartbeats(connection, timeoutMs);
  return connection;
}

/**
 * Writes count once a majority has them in its journal, and reads see nothing
 * else: what was read cannot be undone by a change of the primary.
 */
function optionsOf(name: string, timeoutMs: number): ConnectOptions {
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

/** Makes the indexes that are missing; resolves once they serve. */
export async function withIndexes<Document>(model: Model<Document>): Promise<Model<Document>> {
  await patiently(() => model.createIndexes());
  return model;
}

/** Reports in the health of the process whether the database answers. */
export function checkHealth(health: HealthChecks, connection: Connection): void {
  health.register('mongodb', async () => {
    if (!connection.db) throw unavailable();
    await connection.db.command({ ping: 1 });
  });
}

/** The same again for as long as MongoDB is away, which is told once. */
async function patiently<T>(operation: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await reaching(operation);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      if (attempt === 1) logger.warn({ err: error.cause }, 'MongoDB is away; waiting for it.');
      await delay(START_DELAY_MS);
    }
  }
}

/** Every change once, but for the end of this process. */
function tellOfState(connection: Connection): void {
  const onDisconnected = (): void => {
    logger.warn('MongoDB is away.');
  };
  connection.on('disconnected', onDisconnected);
  connection.on('connected', () => {
    logger.log('MongoDB is back.');
  });
  connection.once('disconnecting', () => connection.off('disconnected', onDisconnected));
  logger.log('MongoDB is connected.');
}
