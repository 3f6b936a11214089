import type { RoomChange } from './log/room-change.ts';

/** Publishes stored changes to all edges. Changes may be lost: the store is the source of truth. */
export abstract class FeedPublisher {
  /** Publishes changes of one room, in rev order, after they are durable. Never throws. */
  abstract publish(roomId: string, changes: readonly RoomChange[]): void;
}
