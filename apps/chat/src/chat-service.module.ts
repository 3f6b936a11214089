import { AuthModule, RequestLimitSettings, SessionStatus, TokenSettings } from '@chat/auth';
import { createHealthController } from '@chat/platform/http';
import { RateLimiter, ReadBudget, ReadSettings } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { HealthChecks, MetricsModule } from '@chat/platform/monitoring';
import { Signals } from '@chat/platform/signals';
import {
  FeedSubscriber,
  HeadSubscriber,
  MessagePublisher,
  RealtimeModule,
  RealtimeSettings,
  RoomDirectory,
} from '@chat/realtime';
import {
  RedisCircuitBreaker,
  RedisConnections,
  RedisFeedSubscriber,
  RedisHeadSubscriber,
  RedisRateLimiter,
  RedisSignals,
} from '@chat/redis';
import {
  HttpRoomDirectory,
  HttpSessionStatus,
  ServiceClient,
  ServiceCredentials,
} from '@chat/service-calls';
import { RabbitMqMessagePublisher } from '@chat/transport/rabbitmq';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { ChatSettings } from './chat-settings.ts';

/** Adapters for the ports that the realtime library defines. */
@Global()
@Module({})
class AdaptersModule {
  static of(settings: ChatSettings): DynamicModule {
    const health = new HealthChecks();
    const redis = new RedisConnections(settings.REDIS_URL, 'chat', health);
    const publisher = new RabbitMqMessagePublisher({
      url: settings.RABBITMQ_URL,
      heartbeatSeconds: settings.RABBITMQ_HEARTBEAT_SECONDS,
      name: 'chat',
      publishTimeoutMs: settings.RABBITMQ_PUBLISH_TIMEOUT_MS,
    });
    health.register('rabbitmq', () => publisher.check());
    const service = (
      name: string,
      urls: readonly string[],
    ): ((credentials: ServiceCredentials) => ServiceClient) => {
      return (credentials) =>
        new ServiceClient({ name, urls, timeoutMs: settings.SERVICE_TIMEOUT_MS }, credentials);
    };
    const providers = [
      { provide: HealthChecks, useValue: health },
      { provide: RedisConnections, useValue: redis },
      {
        provide: RateLimiter,
        useFactory: () => new RedisRateLimiter(new RedisCircuitBreaker(redis.commands)),
      },
      { provide: Signals, useFactory: () => new RedisSignals(redis.commands, redis.sockets) },
      { provide: FeedSubscriber, useFactory: () => new RedisFeedSubscriber(redis.feed) },
      { provide: HeadSubscriber, useFactory: () => new RedisHeadSubscriber(redis.feed) },
      { provide: MessagePublisher, useValue: publisher },
      ServiceCredentials,
      {
        provide: SessionStatus,
        inject: [ServiceCredentials, Signals],
        useFactory: (credentials: ServiceCredentials, signals: Signals) =>
          new HttpSessionStatus(service('users', settings.USERS_URLS)(credentials), signals),
      },
      {
        provide: RoomDirectory,
        inject: [ServiceCredentials],
        useFactory: (credentials: ServiceCredentials) =>
          new HttpRoomDirectory(service('messages', settings.MESSAGES_URLS)(credentials)),
      },
      { provide: ReadSettings, useValue: ReadSettings.of(settings) },
      ReadBudget,
      { provide: RealtimeSettings, useValue: RealtimeSettings.of(settings) },
    ];
    return {
      module: AdaptersModule,
      providers,
      exports: providers.map((p) => ('provide' in p ? p.provide : p)),
    };
  }
}

/** The chat service: handles Socket.IO connections, and calls `users` and `messages`. */
@Module({})
export class ChatServiceModule {
  static of(settings: ChatSettings, jwtSecret: string): DynamicModule {
    return {
      module: ChatServiceModule,
      imports: [
        loggingModule(settings),
        MetricsModule,
        AdaptersModule.of(settings),
        AuthModule.forRoot(
          TokenSettings.of(settings, jwtSecret),
          RequestLimitSettings.of(settings),
        ),
        RealtimeModule,
      ],
      controllers: [createHealthController()],
    };
  }
}
