import type { RoomChange } from '@chat/messages';

/**
 * Receives a batch of changes of one room, in rev order within the batch; batches may be missing,
 * late or repeated.
 */
export type FeedListener = (changes: readonly RoomChange[]) => void;

/** Subscribes to the feed of stored changes, which has one channel per room. */
export abstract class FeedSubscriber {
  /**
   * Resolves once everything published from now on will be delivered. While the feed is
   * unavailable it still resolves after a short wait, at most 500 ms: delivery then begins
   * when the feed is available again, which is reported as a gap.
   *
   * @returns a function that unsubscribes
   */
  abstract subscribe(roomId: string, listener: FeedListener): Promise<() => void>;
  /**
   * Calls the listener when delivery resumes after changes of any room may have been missed.
   *
   * @returns a function that removes the listener
   */
  abstract onGap(listener: () => void): () => void;
}
