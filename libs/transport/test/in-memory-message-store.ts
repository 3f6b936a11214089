import type { Message, RoomHead } from '@chat/contracts';
import { ConflictingWriterError, MessageStore, RefusedMessageError } from '@chat/messages';

/** The messages of one or several stores, found without a search: suites store thousands. */
class StoredMessages {
  readonly all: Message[] = [];
  readonly byId = new Map<string, Message>();
  readonly byRoom = new Map<string, Message[]>();

  add(message: Message): void {
    this.all.push(message);
    this.byId.set(message.id, message);
    const room = this.byRoom.get(message.roomId) ?? [];
    this.byRoom.set(message.roomId, room);
    room[message.seq - 1] = message;
  }
}

/** A store that outlives its writers and can be taken away from them. */
export class InMemoryMessageStore extends MessageStore {
  /** Every call fails while it is set. */
  away = false;
  /** Calls that failed because of {@link away} or {@link refused}. */
  failures = 0;
  /** Nothing is stored in this room while it is set. */
  refused: string | undefined;

  /** A message with this text can never be stored. */
  unstorable: string | undefined;

  readonly #stored: StoredMessages;

  /** @param sameAs another way to the same messages */
  constructor(sameAs?: InMemoryMessageStore) {
    super();
    this.#stored = sameAs ? sameAs.#stored : new StoredMessages();
  }

  /** All messages, the first stored first. */
  get messages(): readonly Message[] {
    return this.#stored.all;
  }

  /** The messages of a room in the order of their seqs. */
  of(roomId: string): Message[] {
    // Skips the place of a missing seq.
    return Object.values(this.#stored.byRoom.get(roomId) ?? []);
  }

  /** Stores as another writer does. */
  add(message: Message): void {
    this.#stored.add(message);
  }

  async append(messages: readonly Message[]): Promise<void> {
    await this.#answer();
    if (messages.some(({ roomId }) => roomId === this.refused)) {
      this.failures += 1;
      throw new Error('refused');
    }
    for (const message of messages) {
      if (message.text === this.unstorable) throw new RefusedMessageError('a rule of the test');
      const { byId, byRoom } = this.#stored;
      const sameId = byId.get(message.id);
      const samePosition = byRoom.get(message.roomId)?.[message.seq - 1];
      if (sameId !== samePosition || (sameId && sameId.seq !== message.seq)) {
        throw new ConflictingWriterError();
      }
      if (!sameId) this.add(message);
    }
  }

  async findByIds(ids: readonly string[]): Promise<Map<string, Message>> {
    await this.#answer();
    const found = ids.flatMap((id) => this.#stored.byId.get(id) ?? []);
    return new Map(found.map((message) => [message.id, message]));
  }

  async heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    await this.#answer();
    return new Map(
      roomIds.map((roomId) => {
        const seq = this.of(roomId).at(-1)?.seq ?? 0;
        return [roomId, { roomId, seq, rev: seq }];
      }),
    );
  }

  revsBeyond(): Promise<never> {
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

  async #answer(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (!this.away) return;
    this.failures += 1;
    throw new Error('the store is unavailable');
  }
}
