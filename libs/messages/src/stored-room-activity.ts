import type { Message, RoomHead } from '@chat/contracts';
import { RoomActivity } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import { toMessage } from './log/stored-message.ts';
import { MessageStore } from './message-store.ts';

/** Reads the heads and last messages of rooms from the store. */
@Injectable()
export class StoredRoomActivity extends RoomActivity {
  constructor(private readonly store: MessageStore) {
    super();
  }

  headsOf(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    return this.store.heads(roomIds);
  }

  async lastMessagesOf(roomIds: readonly string[]): Promise<Map<string, Message>> {
    const found = await this.store.lastMessages(roomIds);
    return new Map([...found].map(([roomId, message]) => [roomId, toMessage(message)]));
  }
}
