import type { Message } from '@chat/contracts';

/** Called with changes of one room in rev order; a batch may be missing, late or repeated. */
export type FeedListener = (changes: readonly Message[]) => void;

/** The stream of stored messages, one channel per room. */
export abstract class FeedSubscriber {
  /** Resolves once everything published from now on will be delivered. */
  abstract subscribe(roomId: string, listener: FeedListener): Promise<() => void>;
}
