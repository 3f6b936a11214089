import { MessageStore } from '@chat/messages';
import { HealthChecks } from '@chat/platform/monitoring';
import { RoomStore } from '@chat/rooms';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { getConnectionToken, getModelToken, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import {
  messageVersionSchema,
  type MessageVersionDocument,
} from './messages/message-version.schema.ts';
import { messageSchema, type LogDocument } from './messages/message.schema.ts';
import { MongoMessageStore } from './messages/mongo-message-store.ts';
import { PendingUpdates } from './messages/pending-updates.ts';
import { MongoConnectionModule, registerHealthCheck, withIndexes } from './mongo-connection.ts';
import type { MongoSettings } from './mongo-settings.ts';
import { memberSchema, type MemberDocument } from './rooms/member.schema.ts';
import { MongoRoomStore } from './rooms/mongo-room-store.ts';
import { roomSchema, type RoomDocument } from './rooms/room.schema.ts';

const CONNECTION = 'messages';
const ROOMS = 'Room';
const MEMBERS = 'Member';
const MESSAGES = 'Message';
const VERSIONS = 'MessageVersion';

/** Stores the rooms and messages of the `messages` service in its own database. */
@Global()
@Module({})
export class MongoMessagesStorageModule {
  /** Provides the stores once every index can be used. */
  static forRoot(settings: MongoSettings): DynamicModule {
    return {
      module: MongoMessagesStorageModule,
      imports: [
        MongoConnectionModule.of(CONNECTION, settings),
        MongooseModule.forFeature(
          [
            { name: ROOMS, schema: roomSchema },
            { name: MEMBERS, schema: memberSchema },
            { name: MESSAGES, schema: messageSchema },
            { name: VERSIONS, schema: messageVersionSchema },
          ],
          CONNECTION,
        ),
      ],
      providers: [
        {
          provide: RoomStore,
          inject: [getModelToken(ROOMS, CONNECTION), getModelToken(MEMBERS, CONNECTION)],
          useFactory: async (rooms: Model<RoomDocument>, members: Model<MemberDocument>) =>
            new MongoRoomStore(await withIndexes(rooms), await withIndexes(members)),
        },
        {
          provide: MessageStore,
          inject: [getModelToken(MESSAGES, CONNECTION), getModelToken(VERSIONS, CONNECTION)],
          useFactory: async (
            messages: Model<LogDocument>,
            versions: Model<MessageVersionDocument>,
          ) => {
            const pending = new PendingUpdates(messages, await withIndexes(versions));
            return new MongoMessageStore(await withIndexes(messages), pending);
          },
        },
        {
          provide: 'messages-storage-health',
          inject: [HealthChecks, getConnectionToken(CONNECTION)],
          useFactory: registerHealthCheck,
        },
      ],
      exports: [RoomStore, MessageStore],
    };
  }
}
