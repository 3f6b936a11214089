import { Emitter, type Unsubscribe } from './emitter.ts';

/**
 * Observable state with the methods that React's `useSyncExternalStore` expects. Both are bound and
 * can be passed as plain functions.
 */
export interface Observable<Snapshot> {
  /** Calls `listener` after every change of the snapshot. */
  readonly subscribe: (listener: () => void) => Unsubscribe;
  /** Returns the current state: immutable, and the same object until the next change. */
  readonly getSnapshot: () => Snapshot;
}

/** Observable state whose snapshot is computed on demand and cached until the next change. */
export class ObservableState<Snapshot> implements Observable<Snapshot> {
  readonly #compute: () => Snapshot;
  readonly #changes = new Emitter<{ change: undefined }>();
  #snapshot: { value: Snapshot } | undefined;

  constructor(compute: () => Snapshot) {
    this.#compute = compute;
  }

  readonly subscribe = (listener: () => void): Unsubscribe =>
    this.#changes.on('change', () => listener());

  readonly getSnapshot = (): Snapshot => (this.#snapshot ??= { value: this.#compute() }).value;

  /** Discards the cached snapshot and notifies the subscribers. */
  invalidate(): void {
    this.#snapshot = undefined;
    this.#changes.emit('change', undefined);
  }
}
