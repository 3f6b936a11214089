import type { PublishedHead } from '@chat/messages';

/** Receives heads of different rooms; a head may be missing, late or repeated. */
export type HeadListener = (heads: readonly PublishedHead[]) => void;

/** Subscribes to the heads of all rooms, which arrive at most once per room and second. */
export abstract class HeadSubscriber {
  /** Returns a function that unsubscribes. */
  abstract subscribe(listener: HeadListener): () => void;
  /**
   * Calls the listener when delivery resumes after heads may have been missed.
   *
   * @returns a function that removes the listener
   */
  abstract onGap(listener: () => void): () => void;
}
