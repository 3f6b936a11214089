import type { Message } from '@chat/contracts';

/** Tells every edge what was stored. A hint: it may be lost, the store is the truth. */
export abstract class FeedPublisher {
  /** Changes of one room, in rev order, after they are durable. Never throws. */
  abstract publish(roomId: string, changes: readonly Message[]): void;
}
