/** A fresh, empty store, and the way to let go of it. */
export interface OpenedStore<Store> {
  readonly store: Store;
  close(): Promise<void>;
}

export type OpenStore<Store> = () => Promise<OpenedStore<Store>>;
