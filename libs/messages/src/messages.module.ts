import { RoomActivity, RoomsModule } from '@chat/rooms';
import { Global, Module } from '@nestjs/common';
import { CommandAccess } from './command-access.ts';
import { MessageDetailsController } from './message-details.controller.ts';
import { MessageDetails } from './message-details.ts';
import { MessageHistory } from './message-history.ts';
import { MessagesController } from './messages.controller.ts';
import { StoredRoomActivity } from './stored-room-activity.ts';
import { WriterModule } from './writer/writer.module.ts';

/**
 * Provides message history and partition writers. The application must provide MessageStore,
 * MessageSettings, CommandConsumers, HistoryCache, FeedPublisher, HeadPublisher and UserDirectory
 * globally. This module is global, because it provides RoomActivity to the rooms library.
 */
@Global()
@Module({
  imports: [RoomsModule, WriterModule],
  controllers: [MessagesController, MessageDetailsController],
  providers: [
    CommandAccess,
    MessageDetails,
    MessageHistory,
    { provide: RoomActivity, useClass: StoredRoomActivity },
  ],
  exports: [CommandAccess, MessageHistory, RoomActivity, WriterModule],
})
export class MessagesModule {}
