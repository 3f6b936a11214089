import type { Connection } from '../connection/connection.ts';
import { EntryStore } from './entry-store.ts';
import type { ChatError } from '../chat-error.ts';
import type { OutboxChange, OutboxEntry } from './outbox-entry.ts';
import { laneOf, OutboxQueue } from './outbox-queue.ts';
import { OutboxSender } from './outbox-sender.ts';
import type { OutboxStorage } from './outbox-storage.ts';

/** Dependencies of a user's outbox. */
interface UserOutboxContext {
  userId: string;
  storage: OutboxStorage;
  connection: Connection;
  /** Whether sent entries of a room stay until they are received. */
  isRetained: (roomId: string) => boolean;
  onChange: () => void;
  onRejected: (change: OutboxChange, error: ChatError) => void;
}

/** The outbox of one user, from sign-in to sign-out: queue, storage and sender. */
export class UserOutbox {
  readonly queue: OutboxQueue;
  readonly #store: EntryStore;
  readonly #sender: OutboxSender;
  readonly #ending = new AbortController();
  /** Resolves when the entries of earlier sessions are in the queue: they are sent first. */
  readonly #loaded: Promise<void>;

  constructor(context: UserOutboxContext) {
    const { userId, storage, connection, isRetained, onChange, onRejected } = context;
    const { signal } = this.#ending;
    const notify = (): void => {
      if (!signal.aborted) onChange();
    };
    this.queue = new OutboxQueue(isRetained, notify);
    this.#store = new EntryStore(storage, notify);
    this.#sender = new OutboxSender({
      userId,
      queue: this.queue,
      store: this.#store,
      connection,
      onRejected,
      signal,
    });
    this.#loaded = this.load();
  }

  /** False after the storage failed: unsent entries may then be lost on a reload. */
  get durable(): boolean {
    return this.#store.durable;
  }

  /** Adds the stored entries that are not queued, and sends them. */
  async load(): Promise<void> {
    const stored = await this.#store.load();
    if (this.#ending.signal.aborted) return;
    const added = this.queue.prependStored(stored);
    for (const entry of added) this.#startSender(entry);
  }

  /** Queues a new entry, stores it and sends it. A reaction replaces an unsent one before it. */
  send(entry: OutboxEntry): void {
    const replaced = entry.kind === 'react' ? this.queue.findUnsent(entry) : undefined;
    this.#enqueue(entry, false);
    if (replaced) void this.discard(replaced.entry.clientMessageId);
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

  /** Stops sending. Unsent entries stay in the storage. */
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
    this.#startSender(entry);
  }

  #startSender(entry: OutboxEntry): void {
    void this.#loaded.then(() => this.#sender.start(laneOf(entry)));
  }
}
