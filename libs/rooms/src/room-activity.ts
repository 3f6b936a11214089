import type { Message, RoomHead } from '@chat/contracts';

/** Reads the heads and last messages of rooms; room records themselves contain no messages. */
export abstract class RoomActivity {
  /** Returns the head of each room; zeros for a room without messages. */
  abstract headsOf(roomIds: readonly string[]): Promise<Map<string, RoomHead>>;
  /** Returns the last message of each room that has messages. */
  abstract lastMessagesOf(roomIds: readonly string[]): Promise<Map<string, Message>>;
}
