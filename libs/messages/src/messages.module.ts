import { RoomsModule } from '@chat/rooms';
import { Global, Module } from '@nestjs/common';
import { MessageHistory } from './message-history.ts';
import { MessagesController } from './messages.controller.ts';
import { DeletedRooms } from './writer/deleted-rooms.ts';
import { PartitionWriters } from './writer/partition-writers.ts';
import { RememberedDeletedRooms } from './writer/remembered-deleted-rooms.ts';
import { WriterMetrics } from './writer/writer-metrics.ts';

/**
 * Message history and the writers of partitions. The app provides, globally: MessageStore,
 * HistoryCache and FeedPublisher. It is global itself, because rooms show how far they have come.
 */
@Global()
@Module({
  imports: [RoomsModule],
  controllers: [MessagesController],
  providers: [
    MessageHistory,
    PartitionWriters,
    WriterMetrics,
    { provide: DeletedRooms, useClass: RememberedDeletedRooms },
  ],
  exports: [MessageHistory, PartitionWriters],
})
export class MessagesModule {}
