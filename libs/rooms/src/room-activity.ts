import type { Message, RoomHead } from '@chat/contracts';

/** How far the conversations of rooms have come; rooms themselves hold no messages. */
export abstract class RoomActivity {
  /** Of each room asked for; zeros for one without messages. */
  abstract headsOf(roomIds: readonly string[]): Promise<Map<string, RoomHead>>;
  /** The last message of each room that has one. */
  abstract lastMessagesOf(roomIds: readonly string[]): Promise<Map<string, Message>>;
}
