import { Module } from '@nestjs/common';
import { AsyncApiController } from './asyncapi/asyncapi.controller.ts';
import { SocketRoomsModule } from './rooms/socket-rooms.module.ts';
import { MessageChangesModule } from './message-changes/message-changes.module.ts';
import { ReadPositionsModule } from './read-positions/read-positions.module.ts';
import { SocketSendsModule } from './sends/socket-sends.module.ts';
import { SocketSessionsModule } from './sessions/socket-sessions.module.ts';

/**
 * Socket.IO server of the chat. The app provides these globally: RealtimeSettings, RoomDirectory,
 * MessagePublisher, FeedSubscriber, HeadSubscriber, Signals, RateLimiter, Metrics, and the exports of
 * libs/auth.
 */
@Module({
  imports: [
    SocketRoomsModule,
    MessageChangesModule,
    ReadPositionsModule,
    SocketSendsModule,
    SocketSessionsModule,
  ],
  controllers: [AsyncApiController],
})
export class RealtimeModule {}
