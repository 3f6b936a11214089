import { AuthModule, RequestLimitSettings, SessionStatus, TokenSettings } from '@chat/auth';
import {
  CommandConsumers,
  FeedPublisher,
  HeadPublisher,
  HistoryCache,
  MessagesModule,
  MessageSettings,
  MessageStore,
} from '@chat/messages';
import { MessageEventsModule } from '@chat/messages/events';
import { createHealthController } from '@chat/platform/http';
import { RateLimiter, ReadBudget, ReadSettings } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { HealthChecks, Metrics, MetricsModule } from '@chat/platform/monitoring';
import { Signals } from '@chat/platform/signals';
import {
  RedisCircuitBreaker,
  RedisConnections,
  RedisFeedPublisher,
  RedisHeadPublisher,
  RedisHistoryCache,
  RedisRateLimiter,
  RedisSignals,
  RoomRevCache,
} from '@chat/redis';
import { RoomSettings, RoomsModule, UserDirectory } from '@chat/rooms';
import {
  HttpSessionStatus,
  HttpUserDirectory,
  RoomDirectoryController,
  ServiceClient,
  ServiceCredentials,
} from '@chat/service-calls';
import { MongoMessagesStorageModule, MongoSettings } from '@chat/storage-mongo';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { MessagesSettings } from './messages-settings.ts';
import { RabbitMqCommandConsumers } from './rabbitmq-command-consumers.ts';

/** Adapters for the ports that rooms and messages define, except the stores. */
@Global()
@Module({})
class AdaptersModule {
  static of(settings: MessagesSettings): DynamicModule {
    const health = new HealthChecks();
    const redis = new RedisConnections(settings.REDIS_URL, 'messages', health);
    const redisBreaker = new RedisCircuitBreaker(redis.commands);
    const revs = new RoomRevCache(redisBreaker);
    const providers = [
      { provide: HealthChecks, useValue: health },
      { provide: RedisConnections, useValue: redis },
      { provide: RateLimiter, useFactory: () => new RedisRateLimiter(redisBreaker) },
      { provide: Signals, useFactory: () => RedisSignals.withoutSockets(redis) },
      {
        provide: FeedPublisher,
        useFactory: () =>
          new RedisFeedPublisher(redis.commands, (room, changes) => revs.announce(room, changes)),
      },
      { provide: HeadPublisher, useFactory: () => new RedisHeadPublisher(redis.commands) },
      {
        provide: HistoryCache,
        inject: [MessageStore, Metrics],
        useFactory: (store: MessageStore, metrics: Metrics) => {
          const reads = metrics.counter({
            name: 'chat_history_reads_total',
            help: 'Pages of history that were read, by cache result.',
            labelNames: ['cache'],
          });
          return new RedisHistoryCache(store, revs, redisBreaker, {
            onPageRead: (cache) => reads.inc({ cache }),
          });
        },
      },
      ServiceCredentials,
      {
        provide: ServiceClient,
        inject: [ServiceCredentials],
        useFactory: (credentials: ServiceCredentials) =>
          new ServiceClient(
            { name: 'users', urls: settings.USERS_URLS, timeoutMs: settings.SERVICE_TIMEOUT_MS },
            credentials,
          ),
      },
      {
        provide: SessionStatus,
        inject: [ServiceClient, Signals],
        useFactory: (users: ServiceClient, signals: Signals) =>
          new HttpSessionStatus(users, signals),
      },
      {
        provide: UserDirectory,
        inject: [ServiceClient],
        useFactory: (users: ServiceClient) => new HttpUserDirectory(users),
      },
      { provide: ReadSettings, useValue: ReadSettings.of(settings) },
      ReadBudget,
      { provide: RoomSettings, useValue: RoomSettings.of(settings) },
      { provide: MessageSettings, useValue: MessageSettings.of(settings) },
      { provide: CommandConsumers, useClass: RabbitMqCommandConsumers },
    ];
    return {
      module: AdaptersModule,
      providers,
      exports: providers.map((p) => ('provide' in p ? p.provide : p)),
    };
  }
}

/** The messages service: rooms and messages in MongoDB; stores the messages from RabbitMQ. */
@Module({})
export class MessagesServiceModule {
  static of(settings: MessagesSettings, jwtSecret: string): DynamicModule {
    return {
      module: MessagesServiceModule,
      imports: [
        loggingModule(settings),
        MetricsModule,
        AdaptersModule.of(settings),
        MongoMessagesStorageModule.forRoot(MongoSettings.of(settings)),
        AuthModule.forRoot(
          TokenSettings.of(settings, jwtSecret),
          RequestLimitSettings.of(settings),
        ),
        RoomsModule,
        MessagesModule,
        MessageEventsModule,
      ],
      controllers: [createHealthController(['messages/health']), RoomDirectoryController],
    };
  }
}
