import type { OutboxStorage, StoredEntry } from './outbox-storage.ts';

/** Stores unsent commands in memory. */
export class MemoryOutbox implements OutboxStorage {
  readonly #entries = new Map<string, StoredEntry>();

  load(): Promise<StoredEntry[]> {
    return Promise.resolve([...this.#entries.values()]);
  }

  put(entry: StoredEntry): Promise<void> {
    this.#entries.set(entry.clientMessageId, entry);
    return Promise.resolve();
  }

  has(clientMessageId: string): Promise<boolean> {
    return Promise.resolve(this.#entries.has(clientMessageId));
  }

  remove(clientMessageId: string): Promise<void> {
    this.#entries.delete(clientMessageId);
    return Promise.resolve();
  }

  close(): void {
    // Holds no resources.
  }
}
