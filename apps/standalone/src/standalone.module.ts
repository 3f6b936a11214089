import { AuthModule, RequestLimitSettings, TokenSettings } from '@chat/auth';
import {
  CommandConsumers,
  FeedPublisher,
  HeadPublisher,
  HistoryCache,
  MessagesModule,
  MessageSettings,
  MessageStore,
  MessageWriter,
  UncachedHistory,
} from '@chat/messages';
import { createHealthController } from '@chat/platform/http';
import { InMemoryRateLimiter, RateLimiter, ReadBudget, ReadSettings } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { HealthChecks, MetricsModule } from '@chat/platform/monitoring';
import { InMemorySignals, Signals } from '@chat/platform/signals';
import {
  FeedSubscriber,
  HeadSubscriber,
  InMemoryFeed,
  InMemoryHeads,
  MessagePublisher,
  RealtimeModule,
  RealtimeSettings,
  RoomDirectory,
} from '@chat/realtime';
import { RoomSettings, RoomsModule, RoomStore, UserDirectory } from '@chat/rooms';
import type { SqliteStorage } from '@chat/storage-sqlite';
import { InProcessMessagePublisher } from '@chat/transport';
import { SessionStore, SignInSettings, UsersModule, UserStore } from '@chat/users';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { InProcessRoomDirectory } from './in-process-room-directory.ts';
import { InProcessUserDirectory } from './in-process-user-directory.ts';
import type { StandaloneSettings } from './standalone-settings.ts';

/** In-process adapters for the ports of all feature libraries. */
@Global()
@Module({})
class AdaptersModule {
  static of(settings: StandaloneSettings, storage: SqliteStorage): DynamicModule {
    const health = new HealthChecks();
    health.register('storage', () => storage.check());
    const providers = [
      { provide: UserStore, useValue: storage.users },
      { provide: SessionStore, useValue: storage.sessions },
      { provide: RoomStore, useValue: storage.rooms },
      { provide: MessageStore, useValue: storage.messages },
      { provide: HistoryCache, useClass: UncachedHistory },
      { provide: HealthChecks, useValue: health },
      { provide: RateLimiter, useClass: InMemoryRateLimiter },
      { provide: Signals, useClass: InMemorySignals },
      InMemoryFeed,
      { provide: FeedPublisher, useExisting: InMemoryFeed },
      { provide: FeedSubscriber, useExisting: InMemoryFeed },
      InMemoryHeads,
      { provide: HeadPublisher, useExisting: InMemoryHeads },
      { provide: HeadSubscriber, useExisting: InMemoryHeads },
      MessageWriter,
      { provide: MessagePublisher, useClass: InProcessMessagePublisher },
      { provide: RoomDirectory, useClass: InProcessRoomDirectory },
      { provide: UserDirectory, useClass: InProcessUserDirectory },
      { provide: ReadSettings, useValue: ReadSettings.of(settings) },
      ReadBudget,
      { provide: RoomSettings, useValue: RoomSettings.of(settings) },
      { provide: MessageSettings, useValue: MessageSettings.of(settings) },
      // The writer of this process is the only consumer.
      { provide: CommandConsumers, useValue: { ready: true } satisfies CommandConsumers },
      { provide: SignInSettings, useValue: SignInSettings.of(settings) },
      { provide: RealtimeSettings, useValue: RealtimeSettings.of(settings) },
    ];
    return {
      module: AdaptersModule,
      providers,
      exports: providers.map((p) => ('provide' in p ? p.provide : p)),
    };
  }
}

/** The complete chat server in one process. */
@Module({})
export class StandaloneModule {
  static of(
    settings: StandaloneSettings,
    jwtSecret: string,
    storage: SqliteStorage,
  ): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [
        loggingModule(settings),
        MetricsModule,
        AdaptersModule.of(settings, storage),
        AuthModule.forRoot(
          TokenSettings.of(settings, jwtSecret),
          RequestLimitSettings.of(settings),
        ),
        UsersModule,
        RoomsModule,
        MessagesModule,
        RealtimeModule,
      ],
      controllers: [createHealthController(['auth/health', 'messages/health'])],
    };
  }
}
