import type { RoomHead } from '@chat/contracts';
import {
  ConflictingWriterError,
  isUpdate,
  MessageStore,
  RejectedMessageError,
  type LogEntry,
  type StoredMessage,
} from '@chat/messages';

/** Messages that several stores can share, indexed by id and room: suites store thousands. */
class StoredMessages {
  readonly all: StoredMessage[] = [];
  readonly byId = new Map<string, StoredMessage>();
  readonly byRoom = new Map<string, StoredMessage[]>();

  add(message: StoredMessage): void {
    this.all.push(message);
    this.byId.set(message.id, message);
    const room = this.byRoom.get(message.roomId) ?? [];
    this.byRoom.set(message.roomId, room);
    room[message.seq - 1] = message;
  }
}

/** A fake store that outlives its writers and can be made unavailable. */
export class InMemoryMessageStore extends MessageStore {
  /** Every call fails while it is set. */
  unavailable = false;
  /** Number of calls that failed because of {@link unavailable} or {@link rejectedRoomId}. */
  failures = 0;
  /** Writes to this room fail. */
  rejectedRoomId: string | undefined;

  /** Messages with this text are rejected. */
  unstorable: string | undefined;

  readonly #stored: StoredMessages;

  /** @param sameAs a store whose messages this one shares */
  constructor(sameAs?: InMemoryMessageStore) {
    super();
    this.#stored = sameAs ? sameAs.#stored : new StoredMessages();
  }

  /** All messages in the order in which they were stored. */
  get messages(): readonly StoredMessage[] {
    return this.#stored.all;
  }

  /** The messages of a room by seq. */
  of(roomId: string): StoredMessage[] {
    // Skips missing seqs.
    return Object.values(this.#stored.byRoom.get(roomId) ?? []);
  }

  /** Stores a message as another writer would. */
  add(message: StoredMessage): void {
    this.#stored.add(message);
  }

  async append(entries: readonly LogEntry[]): Promise<void> {
    const messages = entries.flatMap((entry) => (isUpdate(entry) ? [] : [entry]));
    await this.#respond();
    if (messages.some(({ roomId }) => roomId === this.rejectedRoomId)) {
      this.failures += 1;
      throw new Error('rejected');
    }
    for (const message of messages) {
      if (message.text === this.unstorable) throw new RejectedMessageError('a rule of the test');
      const { byId, byRoom } = this.#stored;
      const sameId = byId.get(message.id);
      const samePosition = byRoom.get(message.roomId)?.[message.seq - 1];
      if (sameId !== samePosition || (sameId && sameId.seq !== message.seq)) {
        throw new ConflictingWriterError();
      }
      if (!sameId) this.add(message);
    }
  }

  async findByIds(ids: readonly string[]): Promise<Map<string, StoredMessage>> {
    await this.#respond();
    const found = ids.flatMap((id) => this.#stored.byId.get(id) ?? []);
    return new Map(found.map((message) => [message.id, message]));
  }

  async heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    await this.#respond();
    return new Map(
      roomIds.map((roomId) => {
        const seq = this.of(roomId).at(-1)?.seq ?? 0;
        return [roomId, { roomId, seq, rev: seq }];
      }),
    );
  }

  applyPending(): Promise<void> {
    return this.#respond();
  }
  versions(): Promise<[]> {
    return Promise.resolve([]);
  }
  find(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  newerRevs(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  lastMessages(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  page(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  changes(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }

  async #respond(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (!this.unavailable) return;
    this.failures += 1;
    throw new Error('the store is unavailable');
  }
}
