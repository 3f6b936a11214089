import type { OutboxEntry } from './outbox-entry.ts';
import type { OutboxStorage } from './outbox-storage.ts';
import { fromStored, toStored } from './stored-entry.ts';

/** One user's entries in the storage. No call rejects when the storage fails. */
export class EntryStore {
  readonly #storage: OutboxStorage;
  readonly #onFailure: () => void;
  #durable = true;

  constructor(storage: OutboxStorage, onFailure: () => void) {
    this.#storage = storage;
    this.#onFailure = onFailure;
  }

  /** False after the storage failed. */
  get durable(): boolean {
    return this.#durable;
  }

  /**
   * Returns the stored entries in the order of sending; none when the storage fails. Entries of a
   * later release stay in the storage.
   */
  async load(): Promise<OutboxEntry[]> {
    try {
      return (await this.#storage.load()).flatMap((stored) => fromStored(stored) ?? []);
    } catch {
      this.#fail();
      return [];
    }
  }

  /** Stores the entry; returns whether that succeeded. */
  async put(entry: OutboxEntry): Promise<boolean> {
    try {
      await this.#storage.put(toStored(entry));
      return true;
    } catch {
      this.#fail();
      return false;
    }
  }

  /** Whether the entry is still stored; true when the storage fails: a repeated send is harmless. */
  async has(clientMessageId: string): Promise<boolean> {
    return this.#storage.has(clientMessageId).catch(() => true);
  }

  async remove(clientMessageId: string): Promise<void> {
    await this.#storage.remove(clientMessageId).catch(() => this.#fail());
  }

  close(): void {
    this.#storage.close();
  }

  #fail(): void {
    this.#durable = false;
    this.#onFailure();
  }
}
