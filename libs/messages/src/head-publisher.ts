import { Message, RoomHead } from '@chat/contracts';

/** The head of a room with its last message in the latest state, as published to the edges. */
export interface PublishedHead extends RoomHead {
  readonly lastMessage: Message;
}

/** Schema of a {@link PublishedHead} between processes. */
export const PublishedHead = RoomHead.extend({ lastMessage: Message.loose() });

/**
 * Publishes heads of rooms to all edges, for users who have not joined the room on a socket. Heads
 * are hints and may be lost.
 */
export abstract class HeadPublisher {
  /** Publishes heads of different rooms. Never throws. */
  abstract publish(heads: readonly PublishedHead[]): void;
}
