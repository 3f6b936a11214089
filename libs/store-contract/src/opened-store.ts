/** A new, empty store, with a function that closes it and releases its resources. */
export interface OpenedStore<Store> {
  readonly store: Store;
  close(): Promise<void>;
}

/** Opens a new, empty store. */
export type OpenStore<Store> = () => Promise<OpenedStore<Store>>;
