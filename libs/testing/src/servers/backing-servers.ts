import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryLock } from './directory-lock.ts';
import { MongoServer } from './mongo-server.ts';
import { missingProgram } from '../processes/programs.ts';
import { RabbitMqServer } from './rabbitmq-server.ts';
import { RedisServer } from './redis-server.ts';

/** The dependencies of the services: a private Redis, RabbitMQ and MongoDB server. */
export class BackingServers {
  private constructor(
    readonly redis: RedisServer,
    readonly rabbitmq: RabbitMqServer,
    readonly mongo: MongoServer,
    private readonly lock: DirectoryLock | undefined,
  ) {}

  /**
   * @param dataDir persistent data directory; if undefined, all data is temporary
   * @param virtualHosts RabbitMQ virtual hosts in addition to the default one
   * @throws Error when another process uses this directory, or a server is not installed
   */
  static async start(
    dataDir?: string,
    virtualHosts: readonly string[] = [],
  ): Promise<BackingServers> {
    // Fails fast, before MongoDB is downloaded.
    const missing = [missingProgram('redis-server'), missingProgram('rabbitmq-server')];
    const reason = missing.filter((message) => message !== undefined).join(', ');
    if (reason !== '') throw new Error(`${reason}.`);
    const lock = dataDir === undefined ? undefined : await lockFolder(dataDir);
    const directory = (name: string) => (dataDir === undefined ? undefined : join(dataDir, name));
    const started = await Promise.allSettled([
      RedisServer.start(directory('redis')),
      RabbitMqServer.start(directory('rabbitmq'), virtualHosts),
      MongoServer.start(directory('mongo')),
    ]);
    const [redis, rabbitmq, mongo] = started;
    if (
      redis.status === 'fulfilled' &&
      rabbitmq.status === 'fulfilled' &&
      mongo.status === 'fulfilled'
    ) {
      return new BackingServers(redis.value, rabbitmq.value, mongo.value, lock);
    }
    for (const result of started) if (result.status === 'fulfilled') await result.value.close();
    lock?.release();
    throw new AggregateError(
      started.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : [])),
      'a backing server did not start',
    );
  }

  /** Shuts the servers down gracefully, so that all data is on disk. */
  async stop(): Promise<void> {
    await Promise.all([this.mongo.stop(), this.rabbitmq.process.stop(), this.redis.process.stop()]);
    await this.close();
  }

  /** Kills the servers. */
  async close(): Promise<void> {
    await Promise.all([this.mongo.close(), this.rabbitmq.close(), this.redis.close()]);
    this.lock?.release();
  }
}

async function lockFolder(dataDir: string): Promise<DirectoryLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return DirectoryLock.take(dataDir);
}
