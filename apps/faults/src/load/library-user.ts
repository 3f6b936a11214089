import { randomUUID } from 'node:crypto';
import { ChatClient, MemorySessionStorage } from '@chat/client';
import type { Send, View } from '../check/observation.ts';

const PASSWORD = 'correct horse battery';

/** The session of a user of our client library; it outlives the clients that share it. */
export class LibraryUser {
  private constructor(
    readonly url: string,
    readonly storage: MemorySessionStorage,
    readonly id: string,
  ) {}

  static async register(url: string, name: string): Promise<LibraryUser> {
    const storage = new MemorySessionStorage();
    const client = new ChatClient({ url, sessionStorage: storage });
    try {
      const email = `${name}-${randomUUID()}@example.com`;
      const { id } = await client.session.register({ email, password: PASSWORD });
      return new LibraryUser(url, storage, id);
    } finally {
      client.close();
    }
  }
}

interface Announced {
  readonly revs: number[];
  beganAnew: boolean;
}

/** A client of our library that shows rooms, and sends to them from its outbox now and then. */
export class LibraryClient {
  readonly #client: ChatClient;
  readonly #announced = new Map<string, Announced>();
  readonly #sends: Send[] = [];
  #sending: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly user: LibraryUser,
    private readonly name: string,
    private readonly roomIds: readonly string[],
  ) {
    this.#client = new ChatClient({ url: user.url, sessionStorage: user.storage });
    for (const roomId of roomIds) {
      const announced: Announced = { revs: [], beganAnew: false };
      this.#announced.set(roomId, announced);
      const room = this.#client.room(roomId);
      room.on('message', ({ rev }) => announced.revs.push(rev));
      room.on('reset', () => (announced.beganAnew = true));
    }
  }

  /** Resolves once every room is shown. */
  async open(): Promise<void> {
    await Promise.all(this.roomIds.map((roomId) => this.#client.room(roomId).open()));
  }

  /** Sends to one room after the other. */
  startSending(everyMs: number): void {
    let turn = 0;
    this.#sending = setInterval(() => {
      const roomId = this.roomIds[turn % this.roomIds.length];
      turn += 1;
      if (roomId === undefined) return;
      const text = `text ${turn} of ${this.name}`;
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

  /** What is not done yet: sends that are on their way, and rooms that are behind. */
  unsettled(): string[] {
    const { entries } = this.#client.outbox.getSnapshot();
    const unsent = entries.map(({ state, roomId }) => `${this.name} has one ${state} to ${roomId}`);
    const behind = this.roomIds
      .filter((roomId) => !this.#client.room(roomId).getSnapshot().live)
      .map((roomId) => `${this.name} is behind in ${roomId}`);
    return [...new Set([...unsent, ...behind])];
  }

  views(): View[] {
    return this.roomIds.map((roomId) => {
      const { messages, rev, hasOlder } = this.#client.room(roomId).getSnapshot();
      const announced = this.#announced.get(roomId);
      return {
        client: this.name,
        roomId,
        messages,
        rev,
        window: hasOlder,
        announced: [...(announced?.revs ?? [])],
        beganAnew: announced?.beganAnew ?? false,
      };
    });
  }

  close(): void {
    this.stopSending();
    this.#client.close();
  }
}
