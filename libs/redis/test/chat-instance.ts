import { AccessTokens, AuthModule, SessionStatus } from '@chat/auth';
import { InMemoryRateLimiter, RateLimiter, ReadBudget, ReadSettings } from '@chat/platform/limits';
import { MetricsModule } from '@chat/platform/monitoring';
import { Signals } from '@chat/platform/signals';
import {
  FeedSubscriber,
  HeadSubscriber,
  MessagePublisher,
  RealtimeModule,
  RealtimeSettings,
  RoomDirectory,
} from '@chat/realtime';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { io, type Socket } from 'socket.io-client';
import { connectRedis, connectSubscribingRedis } from '../src/connections/redis-connection.ts';
import { RedisFeedSubscriber } from '../src/feed/redis-feed-subscriber.ts';
import { RedisHeadSubscriber } from '../src/feed/redis-head-subscriber.ts';
import { RedisSignals } from '../src/signals/redis-signals.ts';
import { RedisSocketIoAdapter } from '../src/signals/redis-socket-io.adapter.ts';
import type { SharedRooms } from './shared-rooms.ts';

const SOCKETS = {
  cors: {},
  heartbeat: { SOCKET_PING_INTERVAL_MS: 20_000, SOCKET_PING_TIMEOUT_MS: 15_000 },
};
class EverySessionActive extends SessionStatus {
  isActive(): Promise<boolean> {
    return Promise.resolve(true);
  }
  filterActive(sessionIds: readonly string[]): Promise<Set<string>> {
    return Promise.resolve(new Set(sessionIds));
  }
}

const READS = { perUser: 4, concurrent: 4, bytes: 10_000_000, userBytesPerSecond: 10_000_000 };
const LIMIT = { points: 1_000, windowMs: 1_000, burst: 1_000 };

export interface ChatInstance {
  /** Connects a socket for a user whose session has the same id. */
  connect(userId: string): Promise<Socket>;
  close(): Promise<void>;
}

/** Starts the components of a `chat` process, with fake services behind it. */
export async function startChat(redisUrl: string, rooms: SharedRooms): Promise<ChatInstance> {
  const connections = [
    connectRedis(redisUrl, 'chat'),
    connectRedis(redisUrl, 'chat feed'),
    connectSubscribingRedis(redisUrl, 'chat sockets'),
  ] as const;
  const [commands, feed, sockets] = connections;
  const signals = new RedisSignals(commands, sockets);
  const settings: RealtimeSettings = {
    sendLimit: LIMIT,
    eventLimit: LIMIT,
    maxSocketsPerUser: 9,
    connectLimit: LIMIT,
    maxUnauthenticated: { perAddress: 100, total: 100 },
  };
  const ports = [
    { provide: RealtimeSettings, useValue: settings },
    { provide: RoomDirectory, useValue: rooms },
    { provide: MessagePublisher, useValue: rooms },
    { provide: FeedSubscriber, useValue: new RedisFeedSubscriber(feed) },
    { provide: HeadSubscriber, useValue: new RedisHeadSubscriber(feed) },
    { provide: Signals, useValue: signals },
    { provide: RateLimiter, useClass: InMemoryRateLimiter },
    { provide: ReadSettings, useValue: READS },
    { provide: ReadBudget, useClass: ReadBudget },
    { provide: SessionStatus, useClass: EverySessionActive },
  ];

  @Global()
  @Module({ providers: ports, exports: ports.map(({ provide }) => provide) })
  class TestProvidersModule {}

  @Module({
    imports: [
      TestProvidersModule,
      MetricsModule,
      AuthModule.forRoot(
        { secret: 'x'.repeat(32), accessTokenTtlSeconds: 60 },
        { perUser: LIMIT, perAddress: LIMIT },
      ),
      RealtimeModule,
    ],
  })
  class Chat {}

  const app = await NestFactory.create(Chat, { logger: false });
  app.useWebSocketAdapter(new RedisSocketIoAdapter(app, SOCKETS, signals));
  await app.listen(0, '127.0.0.1');
  return {
    connect: async (userId) => {
      const identity = { userId, sessionId: userId, username: userId };
      const token = await app.get(AccessTokens, { strict: false }).sign(identity);
      const url = await app.getUrl();
      const socket = io(url, { transports: ['websocket'], auth: { token }, reconnection: false });
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
      return socket;
    },
    close: async () => {
      await app.close();
      for (const connection of connections) connection.disconnect();
    },
  };
}
