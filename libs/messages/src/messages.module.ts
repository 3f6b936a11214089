import { RoomsModule } from '@chat/rooms';
import { Global, Module } from '@nestjs/common';
import { MessageHistory } from './message-history.ts';
import { MessagesController } from './messages.controller.ts';
import { MessageWriter } from './writer/message-writer.ts';
import { PartitionWriters } from './writer/partition-writers.ts';

/**
 * Message history and the writer. The app provides, globally: MessageStore,
 * HistoryCache and FeedPublisher. It is global itself, because rooms show how far they have come.
 */
@Global()
@Module({
  imports: [RoomsModule],
  controllers: [MessagesController],
  providers: [MessageHistory, MessageWriter, PartitionWriters],
  exports: [MessageHistory, MessageWriter, PartitionWriters],
})
export class MessagesModule {}
