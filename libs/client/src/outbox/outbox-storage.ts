/**
 * An unsent command as it is stored, in a form of `stored-entry.ts`. Storages outlive releases:
 * other fields may be of an earlier or a later one.
 */
export interface StoredEntry {
  readonly clientMessageId: string;
  readonly [field: string]: unknown;
}

/** Port: storage of one user's unsent commands. Several clients (tabs) may share one. */
export interface OutboxStorage {
  /** Returns all entries, in the order in which they were first put. */
  load(): Promise<StoredEntry[]>;
  /** Stores the entry durably, replacing one with the same `clientMessageId`. */
  put(entry: StoredEntry): Promise<void>;
  /** Whether the entry is still stored: no client has delivered or discarded it. */
  has(clientMessageId: string): Promise<boolean>;
  /** Removes the entry, if it is stored. */
  remove(clientMessageId: string): Promise<void>;
  /** Releases the resources of the storage. The entries stay. */
  close(): void;
}
