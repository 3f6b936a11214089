import type { HealthChecks } from '@chat/platform';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { connectRedis, connectSubscribingRedis } from './redis-connection.ts';

/** The connections of one process to Redis, by what they are for; closed when it stops. */
export class RedisConnections implements OnApplicationShutdown {
  /** For commands. */
  readonly commands: Redis;
  /** For Socket.IO's adapter, which subscribes over it. */
  readonly sockets: Redis;
  #feed: Redis | undefined;

  /** @param name of the process, in the log and in Redis' list of clients */
  constructor(
    private readonly url: string,
    private readonly name: string,
    health: HealthChecks,
  ) {
    this.commands = connectRedis(url, name);
    this.sockets = connectSubscribingRedis(url, `${name} signals`);
    // Without Redis everything is slower, and nothing is lost.
    health.register('redis', async () => void (await this.commands.ping()), { optional: true });
  }

  /** For the feed, which subscribes over it. */
  get feed(): Redis {
    this.#feed ??= connectRedis(this.url, `${this.name} feed`);
    return this.#feed;
  }

  onApplicationShutdown(): void {
    for (const redis of [this.commands, this.sockets, this.#feed]) redis?.disconnect();
  }
}
