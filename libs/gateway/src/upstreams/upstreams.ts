import { HealthChecks } from '@chat/platform/monitoring';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { GatewaySettings, type UpstreamName } from '../gateway-settings.ts';
import { LocalFailures } from './local-failures.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** Instance pools of the services behind the gateway. */
@Injectable()
export class Upstreams implements OnModuleInit, OnApplicationShutdown {
  readonly users: UpstreamPool;
  readonly messages: UpstreamPool;
  readonly chat: UpstreamPool;

  constructor({ urls, pool }: GatewaySettings, health: HealthChecks, failures: LocalFailures) {
    const createPool = (name: UpstreamName): UpstreamPool => {
      const upstream = new UpstreamPool(name, urls[name], pool, (code) => failures.report(code));
      health.register(name, () => upstream.check());
      return upstream;
    };
    this.users = createPool('users');
    this.messages = createPool('messages');
    this.chat = createPool('chat');
  }

  async onModuleInit(): Promise<void> {
    await Promise.all(this.#all.map((pool) => pool.start()));
  }

  onApplicationShutdown(): void {
    for (const pool of this.#all) pool.stop();
  }

  get #all(): readonly UpstreamPool[] {
    return [this.users, this.messages, this.chat];
  }
}
