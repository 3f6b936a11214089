import { RoomsModule } from '@chat/rooms';
import { Global, Module } from '@nestjs/common';
import { CommandAccess } from './command-access.ts';
import { MessageHistory } from './message-history.ts';
import { MessagesController } from './messages.controller.ts';
import { CachedDeletedRooms } from './writer/cached-deleted-rooms.ts';
import { DeletedRooms } from './writer/deleted-rooms.ts';
import { PartitionWriters } from './writer/partition-writers.ts';
import { WriterMetrics } from './writer/writer-metrics.ts';

/**
 * Provides message history and partition writers. The application must provide MessageStore,
 * MessageSettings, CommandConsumers, HistoryCache and FeedPublisher globally. This module is global, because the application
 * provides MessageHistory to the rooms library as RoomActivity, which reads the head and the last
 * message of each listed room.
 */
@Global()
@Module({
  imports: [RoomsModule],
  controllers: [MessagesController],
  providers: [
    CommandAccess,
    MessageHistory,
    PartitionWriters,
    WriterMetrics,
    { provide: DeletedRooms, useClass: CachedDeletedRooms },
  ],
  exports: [CommandAccess, MessageHistory, PartitionWriters],
})
export class MessagesModule {}
