import { GatewayModule, GatewaySettings } from '@chat/gateway';
import { createHealthController } from '@chat/platform/http';
import { RateLimiter } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { HealthChecks, MetricsModule } from '@chat/platform/monitoring';
import { RedisCircuitBreaker, RedisConnections, RedisRateLimiter } from '@chat/redis';
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
      { provide: GatewaySettings, useValue: GatewaySettings.of(settings) },
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
