import { AuthModule, RequestLimitSettings, TokenSettings } from '@chat/auth';
import { createHealthController } from '@chat/platform/http';
import { RateLimiter } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { HealthChecks, MetricsModule } from '@chat/platform/monitoring';
import { Signals } from '@chat/platform/signals';
import { RedisCircuitBreaker, RedisConnections, RedisRateLimiter, RedisSignals } from '@chat/redis';
import {
  ServiceCredentials,
  SessionStatusController,
  UserDirectoryController,
} from '@chat/service-calls';
import { MongoUsersStorageModule, MongoSettings } from '@chat/storage-mongo';
import { SignInSettings, UsersModule } from '@chat/users';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { UsersSettings } from './users-settings.ts';

/** Adapters for the ports that the users library defines, except the stores. */
@Global()
@Module({})
class AdaptersModule {
  static of(settings: UsersSettings): DynamicModule {
    const health = new HealthChecks();
    const redis = new RedisConnections(settings.REDIS_URL, 'users', health);
    const providers = [
      { provide: HealthChecks, useValue: health },
      { provide: RedisConnections, useValue: redis },
      {
        provide: RateLimiter,
        useFactory: () => new RedisRateLimiter(new RedisCircuitBreaker(redis.commands)),
      },
      { provide: Signals, useFactory: () => RedisSignals.withoutSockets(redis) },
      { provide: SignInSettings, useValue: SignInSettings.of(settings) },
      ServiceCredentials,
    ];
    return {
      module: AdaptersModule,
      providers,
      exports: providers.map((p) => ('provide' in p ? p.provide : p)),
    };
  }
}

/** The users service: accounts and sessions in MongoDB. */
@Module({})
export class UsersServiceModule {
  static of(settings: UsersSettings, jwtSecret: string): DynamicModule {
    return {
      module: UsersServiceModule,
      imports: [
        loggingModule(settings),
        MetricsModule,
        AdaptersModule.of(settings),
        MongoUsersStorageModule.forRoot(MongoSettings.of(settings)),
        AuthModule.forRoot(
          TokenSettings.of(settings, jwtSecret),
          RequestLimitSettings.of(settings),
        ),
        UsersModule,
      ],
      controllers: [
        createHealthController(['auth/health']),
        SessionStatusController,
        UserDirectoryController,
      ],
    };
  }
}
