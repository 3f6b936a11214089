import type { Connection } from '../connection/connection.ts';
import { EntryStore } from './entry-store.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { OutboxSender } from './outbox-sender.ts';
import type { OutboxStorage } from './outbox-storage.ts';

/** Dependencies of a user's outbox. */
interface UserOutboxContext {
  userId: string;
  storage: OutboxStorage;
  connection: Connection;
  /** Whether sent entries of a room stay until their messages are received. */
  isRetained: (roomId: string) => boolean;
  onChange: () => void;
}

/** The outbox of one user, from sign-in to sign-out: queue, storage and sender. */
export class UserOutbox {
  readonly queue: OutboxQueue;
  readonly #store: EntryStore;
  readonly #sender: OutboxSender;
  readonly #ending = new AbortController();
  /** Resolves when the entries of earlier sessions are in the queue: they are sent first. */
  readonly #loaded: Promise<void>;

  constructor({ userId, storage, connection, isRetained, onChange }: UserOutboxContext) {
    const { signal } = this.#ending;
    const notify = (): void => {
      if (!signal.aborted) onChange();
    };
    this.queue = new OutboxQueue(isRetained, notify);
    this.#store = new EntryStore(storage, notify);
    const { queue } = this;
    this.#sender = new OutboxSender({ userId, queue, store: this.#store, connection, signal });
    this.#loaded = this.load();
  }

  /** False after the storage failed: unsent messages may then be lost on a reload. */
  get durable(): boolean {
    return this.#store.durable;
  }

  /** Adds the stored entries that are not queued, and sends them. */
  async load(): Promise<void> {
    const stored = await this.#store.load();
    if (this.#ending.signal.aborted) return;
    const added = this.queue.prependStored(stored);
    for (const roomId of new Set(added.map((entry) => entry.roomId))) this.#startSender(roomId);
  }

  /** Queues a new entry, stores it and sends it. */
  send(entry: OutboxEntry): void {
    this.#enqueue(entry, false);
  }

  /** Requeues a failed entry after the waiting entries of its room. */
  retry(clientMessageId: string): void {
    const failed = this.queue.find(clientMessageId)?.entry;
    if (failed?.state !== 'failed') return;
    const { error: _, ...entry } = failed;
    this.#enqueue({ ...entry, state: 'waiting' }, true);
  }

  /** Removes an entry from the queue, then from the storage. */
  async discard(clientMessageId: string): Promise<void> {
    const send = this.queue.find(clientMessageId);
    if (!send) return;
    this.queue.remove(send);
    await send.persisted;
    await this.#store.remove(clientMessageId);
  }

  /** Stops sending. Unsent messages stay in the storage. */
  end(): void {
    this.#ending.abort();
    this.queue.close();
    this.#store.close();
  }

  #enqueue(entry: OutboxEntry, repeated: boolean): void {
    const persisted = this.#store.put(entry);
    const send = { entry, persisted, repeated, internalFailures: 0 };
    this.queue.append(send);
    void persisted.then((stored) => this.queue.change(send, { persisted: stored }));
    this.#startSender(entry.roomId);
  }

  #startSender(roomId: string): void {
    void this.#loaded.then(() => this.#sender.start(roomId));
  }
}
