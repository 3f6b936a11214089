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

/** Watchable state whose snapshot is taken when somebody asks for it. */
export class ObservableState<Snapshot> implements Observable<Snapshot> {
  readonly #take: () => Snapshot;
  readonly #listeners = new Set<() => void>();
  #snapshot: { value: Snapshot } | undefined;

  constructor(take: () => Snapshot) {
    this.#take = take;
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  readonly getSnapshot = (): Snapshot => (this.#snapshot ??= { value: this.#take() }).value;

  /** Says that what the snapshot is taken from has changed. */
  changed(): void {
    this.#snapshot = undefined;
    for (const listener of [...this.#listeners]) listener();
  }
}
