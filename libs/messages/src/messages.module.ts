import { RoomActivity, RoomsModule } from '@chat/rooms';
import { Global, Module } from '@nestjs/common';
import { CommandAccess } from './command-access.ts';
import { MessageDetailsController } from './message-details.controller.ts';
import { MessageDetails } from './message-details.ts';
import { MessageHistory } from './message-history.ts';
import { MessagesController } from './messages.controller.ts';
import { StoredRoomActivity } from './stored-room-activity.ts';
import { CachedDeletedRooms } from './writer/cached-deleted-rooms.ts';
import { DeletedRooms } from './writer/deleted-rooms.ts';
import { PartitionWriters } from './writer/partition-writers.ts';
import { RoomHeads } from './writer/room-heads.ts';
import { SenderPositions } from './writer/sender-positions.ts';
import { WriterMetrics } from './writer/writer-metrics.ts';

/**
 * Provides message history and partition writers. The application must provide MessageStore,
 * MessageSettings, CommandConsumers, HistoryCache, FeedPublisher and HeadPublisher globally. This
 * module is global, because it provides RoomActivity to the rooms library.
 */
@Global()
@Module({
  imports: [RoomsModule],
  controllers: [MessagesController, MessageDetailsController],
  providers: [
    CommandAccess,
    MessageDetails,
    MessageHistory,
    PartitionWriters,
    RoomHeads,
    SenderPositions,
    WriterMetrics,
    { provide: DeletedRooms, useClass: CachedDeletedRooms },
    { provide: RoomActivity, useClass: StoredRoomActivity },
  ],
  exports: [CommandAccess, MessageHistory, PartitionWriters, RoomActivity],
})
export class MessagesModule {}
