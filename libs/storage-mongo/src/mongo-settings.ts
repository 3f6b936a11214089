import { wholeNumber, type SettingValues } from '@chat/platform/settings';
import { z } from 'zod';

function isMongoUri(text: string): boolean {
  return /^mongodb(\+srv)?:\/\/[^/]+\/[^/?]+/.test(text);
}

/** Settings of a process that stores in MongoDB. */
export const mongoSettings = {
  MONGO_URI: z
    .string('must be set')
    .refine(isMongoUri, 'must name a server and a database, such as mongodb://localhost:27017/chat')
    .describe('URI of MongoDB and its database: mongodb://user:password@host:27017/database.'),
  MONGO_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(5_000)
    .describe(
      'Timeout of each step of a MongoDB call (server selection, connection, response), in milliseconds.',
    ),
} as const;

/** URI of MongoDB, and its timeouts; passed to the modules of the stores. */
export abstract class MongoSettings {
  /** `mongodb://host:port/database`, or `mongodb+srv://`. */
  abstract readonly uri: string;
  /** Timeout of a connection, of the wait for a free one, and of a reply, each in milliseconds. */
  abstract readonly timeoutMs: number;

  /** Derives the settings from the settings of the process. */
  static of(settings: SettingValues<typeof mongoSettings>): MongoSettings {
    return { uri: settings.MONGO_URI, timeoutMs: settings.MONGO_TIMEOUT_MS };
  }
}
