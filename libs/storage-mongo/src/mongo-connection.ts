import type { HealthChecks } from '@chat/platform';
import { MongooseModule } from '@nestjs/mongoose';
import type { DynamicModule } from '@nestjs/common';
import type { Connection, Model } from 'mongoose';
import { watchHeartbeats } from './heartbeat-watch.ts';
import { unavailable } from './mongo-failure.ts';

export interface MongoSettings {
  /** `mongodb://host:port/database`, or `mongodb+srv://`. */
  readonly uri: string;
  /** Longest wait for a server, for a free connection and for an answer, each, in milliseconds. */
  readonly timeoutMs: number;
}

/** How often MongoDB is looked for at start, and the pause in between. */
const START_ATTEMPTS = 10;
const START_DELAY_MS = 1_000;
const MAX_CONNECTIONS = 50;

/**
 * A connection of a name of its own. Writes count once a majority has them in
 * its journal, and reads see nothing else: what was read cannot be undone by a
 * change of the primary.
 */
export function mongoConnection(name: string, { uri, timeoutMs }: MongoSettings): DynamicModule {
  return MongooseModule.forRoot(uri, {
    connectionName: name,
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
    retryAttempts: START_ATTEMPTS,
    retryDelay: START_DELAY_MS,
    connectionFactory: (connection: Connection) => {
      watchHeartbeats(connection, timeoutMs);
      return connection;
    },
  });
}

/** Makes the indexes that are missing; resolves once they serve. */
export async function withIndexes<Document>(model: Model<Document>): Promise<Model<Document>> {
  await model.createIndexes();
  return model;
}

/** Reports in the health of the process whether the database answers. */
export function checkHealth(health: HealthChecks, connection: Connection): void {
  health.register('mongodb', async () => {
    if (!connection.db) throw unavailable();
    await connection.db.command({ ping: 1 });
  });
}
