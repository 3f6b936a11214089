import { RedisCircuitBreaker, RedisRateLimiter } from '@chat/cache';
import { RedisConnections } from '@chat/feed/redis';
import { DEFAULT_POOL_OPTIONS, GatewayModule, GatewaySettings } from '@chat/gateway';
import {
  createHealthController,
  HealthChecks,
  loggingModule,
  MetricsModule,
  RateLimiter,
} from '@chat/platform';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { GatewayServiceSettings } from './gateway-settings.ts';

/** Adapters for the ports that the gateway library defines. */
@Global()
@Module({})
class AdaptersModule {
  static of(settings: GatewayServiceSettings): DynamicModule {
    const health = new HealthChecks();
    const redis = new RedisConnections(settings.REDIS_URL, 'gateway', health);
    const providers = [
      { provide: HealthChecks, useValue: health },
      { provide: RedisConnections, useValue: redis },
      {
        provide: RateLimiter,
        useFactory: () => new RedisRateLimiter(new RedisCircuitBreaker(redis.commands)),
      },
      {
        provide: GatewaySettings,
        useValue: {
          urls: {
            users: settings.USERS_URLS,
            messages: settings.MESSAGES_URLS,
            chat: settings.CHAT_URLS,
          },
          limit: {
            points: settings.GATEWAY_RATE,
            perMs: 1_000,
            burst: Math.max(settings.GATEWAY_RATE, settings.GATEWAY_BURST),
          },
          timeoutMs: settings.GATEWAY_TIMEOUT_MS,
          retryForMs: settings.GATEWAY_RETRY_MS,
          maxSockets: settings.GATEWAY_MAX_SOCKETS,
          pool: DEFAULT_POOL_OPTIONS,
        } satisfies GatewaySettings,
      },
    ];
    return { module: AdaptersModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}

/** The gateway service: one address for all services. */
@Module({})
export class GatewayServiceModule {
  static of(settings: GatewayServiceSettings): DynamicModule {
    return {
      module: GatewayServiceModule,
      imports: [loggingModule(settings), MetricsModule, AdaptersModule.of(settings), GatewayModule],
      controllers: [createHealthController()],
    };
  }
}
