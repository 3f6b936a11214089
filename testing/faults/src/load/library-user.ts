import { ChatClient, MemorySessionStorage } from '@chat/client';
import { newCredentials } from '@chat/testing';
import type { Send, View } from '../check/observation.ts';

/** A user with a session of the client library; the session outlives the clients that share it. */
export class ClientLibraryUser {
  private constructor(
    readonly url: string,
    readonly storage: MemorySessionStorage,
    readonly id: string,
  ) {}

  static async register(url: string, name: string): Promise<ClientLibraryUser> {
    const storage = new MemorySessionStorage();
    const client = new ChatClient({ url, sessionStorage: storage });
    try {
      const { id } = await client.session.register(newCredentials(name));
      return new ClientLibraryUser(url, storage, id);
    } finally {
      client.close();
    }
  }
}

/** Events that the library emitted for a room. */
interface EmittedEvents {
  readonly revs: number[];
  wasReset: boolean;
}

/** A client that uses the client library: opens rooms, and sends to them through its outbox. */
export class LibraryClient {
  readonly #client: ChatClient;
  readonly #emitted = new Map<string, EmittedEvents>();
  readonly #sends: Send[] = [];
  #sending: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly user: ClientLibraryUser,
    private readonly name: string,
    private readonly roomIds: readonly string[],
  ) {
    this.#client = new ChatClient({ url: user.url, sessionStorage: user.storage });
    for (const roomId of roomIds) {
      const emitted: EmittedEvents = { revs: [], wasReset: false };
      this.#emitted.set(roomId, emitted);
      const room = this.#client.room(roomId);
      room.on('message', ({ rev }) => emitted.revs.push(rev));
      room.on('reset', () => (emitted.wasReset = true));
    }
  }

  /** Opens every room; resolves once all are loaded. */
  async open(): Promise<void> {
    await Promise.all(this.roomIds.map((roomId) => this.#client.room(roomId).open()));
  }

  /** Sends to the rooms round-robin. */
  startSending(everyMs: number): void {
    let turn = 0;
    this.#sending = setInterval(() => {
      const roomId = this.roomIds[turn % this.roomIds.length];
      turn += 1;
      if (roomId === undefined) return;
      const text = `text ${turn} from ${this.name}`;
      const { clientMessageId } = this.#client.outbox.send(roomId, text);
      this.#sends.push({ clientMessageId, roomId, userId: this.user.id, text, attempts: [] });
    }, everyMs);
  }

  stopSending(): void {
    clearInterval(this.#sending);
  }

  get sends(): readonly Send[] {
    return this.#sends;
  }

  /** Whether every room is up to date. */
  get live(): boolean {
    return this.roomIds.every((roomId) => this.#client.room(roomId).getSnapshot().live);
  }

  /** Describes unsettled work: sends in the outbox, and rooms that are not up to date. */
  unsettled(): string[] {
    const { entries } = this.#client.outbox.getSnapshot();
    const unsent = entries.map(
      ({ state, roomId }) => `${this.name} has a ${state} message for ${roomId}`,
    );
    const behind = this.roomIds
      .filter((roomId) => !this.#client.room(roomId).getSnapshot().live)
      .map((roomId) => `${this.name} is behind in ${roomId}`);
    return [...new Set([...unsent, ...behind])];
  }

  views(): View[] {
    return this.roomIds.map((roomId) => {
      const { messages, rev, hasOlder } = this.#client.room(roomId).getSnapshot();
      const emitted = this.#emitted.get(roomId);
      return {
        client: this.name,
        roomId,
        messages,
        rev,
        window: hasOlder,
        emitted: [...(emitted?.revs ?? [])],
        wasReset: emitted?.wasReset ?? false,
      };
    });
  }

  close(): void {
    this.stopSending();
    this.#client.close();
  }
}
