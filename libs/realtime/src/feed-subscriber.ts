import type { Message } from '@chat/contracts';

/** Called with changes of one room in rev order; a batch may be missing, late or repeated. */
export type FeedListener = (changes: readonly Message[]) => void;

/** The stream of stored messages, one channel per room. */
export abstract class FeedSubscriber {
  /**
   * Resolves once everything published from now on will be delivered. While the
   * feed is away it resolves all the same after a short wait, at most 500 ms:
   * delivery then begins when the feed is back, which is told as a gap.
   */
  abstract subscribe(roomId: string, listener: FeedListener): Promise<() => void>;
  /** Calls the listener when changes of any room may have been missed and delivery goes on. */
  abstract onGap(listener: () => void): () => void;
}
