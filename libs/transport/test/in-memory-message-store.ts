import type { Message, RoomHead } from '@chat/contracts';
import { ConflictingWriterError, MessageStore, RefusedMessageError } from '@chat/messages';

/** A store that outlives its writers and can be taken away from them. */
export class InMemoryMessageStore extends MessageStore {
  /** Every call fails while it is set. */
  away = false;
  /** Nothing is stored in this room while it is set. */
  refused: string | undefined;

  /** A message with this text can never be stored. */
  unstorable: string | undefined;

  /** @param messages those of another, for a second way to the same store */
  constructor(readonly messages: Message[] = []) {
    super();
  }

  /** The messages of a room in the order of their seqs. */
  of(roomId: string): Message[] {
    return this.messages
      .filter((message) => message.roomId === roomId)
      .sort((a, b) => a.seq - b.seq);
  }

  async append(messages: readonly Message[]): Promise<void> {
    await this.#answer();
    if (messages.some(({ roomId }) => roomId === this.refused)) throw new Error('refused');
    for (const message of messages) {
      if (message.text === this.unstorable) throw new RefusedMessageError('a rule of the test');
      const taken = this.messages.find(
        ({ id, roomId, seq }) =>
          id === message.id || (roomId === message.roomId && seq === message.seq),
      );
      if (taken && (taken.id !== message.id || taken.seq !== message.seq)) {
        throw new ConflictingWriterError();
      }
      if (!taken) this.messages.push(message);
    }
  }

  async findByIds(ids: readonly string[]): Promise<Map<string, Message>> {
    await this.#answer();
    const wanted = new Set(ids);
    const found = this.messages.filter(({ id }) => wanted.has(id));
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
    if (this.away) throw new Error('the store is away');
  }
}
