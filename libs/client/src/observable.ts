import type { Unsubscribe } from './emitter.ts';

/**
 * State that can be watched; the shape of React's `useSyncExternalStore`. Both methods may be
 * passed on without their object.
 */
export interface Observable<Snapshot> {
  /** Calls `listener` after every change of the snapshot. */
  readonly subscribe: (listener: () => void) => Unsubscribe;
  /** The state now: immutable, and the same object until something changes. */
  readonly getSnapshot: () => Snapshot;
}
