import type { HealthChecks } from '@chat/platform/monitoring';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { connectRedis, connectSubscribingRedis } from './redis-connection.ts';

/** The Redis connections of one process, by purpose; closed when it stops. */
export class RedisConnections implements OnApplicationShutdown {
  /** For commands. */
  readonly commands: Redis;
  /** For the subscriptions of Socket.IO's adapter. */
  readonly sockets: Redis;
  #feed: Redis | undefined;

  /** @param name identifies the process, for logs and Redis' client list */
  constructor(
    private readonly url: string,
    private readonly name: string,
    health: HealthChecks,
  ) {
    this.commands = connectRedis(url, name);
    this.sockets = connectSubscribingRedis(url, `${name} signals`);
    // Optional: without Redis the services are slower, but lose no data.
    health.register('redis', async () => void (await this.commands.ping()), { optional: true });
  }

  /** For the subscriptions of the feed and of heads; opened on first use. */
  get feed(): Redis {
    this.#feed ??= connectRedis(this.url, `${this.name} feed`);
    return this.#feed;
  }

  onApplicationShutdown(): void {
    for (const redis of [this.commands, this.sockets, this.#feed]) redis?.disconnect();
  }
}
