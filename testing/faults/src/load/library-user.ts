import { ChatClient, MemorySessionStorage, type Outbox, type OutboxChange } from '@chat/client';
import { newCredentials } from '@chat/testing';
import type {
  ChangeRequest,
  DevicePosition,
  Emission,
  Outcome,
  PositionRequest,
  Send,
  View,
} from '../check/observation.ts';
import { ChangeChooser, TARGETS, type MutableChangeRequest } from './change-chooser.ts';
import { LibraryPositions } from './library-positions.ts';
import { TestUser } from './test-user.ts';

/** A user with a session of the client library; the session outlives the clients that share it. */
export class ClientLibraryUser {
  private constructor(
    readonly url: string,
    readonly storage: MemorySessionStorage,
    readonly id: string,
    /** The same user without the client library. */
    readonly plain: TestUser,
  ) {}

  static async register(url: string, name: string): Promise<ClientLibraryUser> {
    const storage = new MemorySessionStorage();
    const client = new ChatClient({ url, sessionStorage: storage });
    try {
      const { id } = await client.session.register(newCredentials(name));
      const plain = TestUser.withToken(url, id, await client.session.accessToken());
      return new ClientLibraryUser(url, storage, id, plain);
    } finally {
      client.close();
    }
  }
}

/** Events that the library emitted for a room. */
interface EmittedEvents {
  readonly messages: Emission[];
  wasReset: boolean;
}

/**
 * A client that uses the client library: opens rooms, sends to them through its outbox, and changes
 * their newest messages.
 */
export class LibraryClient {
  readonly #client: ChatClient;
  readonly #emitted = new Map<string, EmittedEvents>();
  readonly #choosers = new Map<string, ChangeChooser>();
  readonly #sends: Send[] = [];
  readonly #changes: MutableChangeRequest[] = [];
  readonly #positions: LibraryPositions;
  #sending: ReturnType<typeof setInterval> | undefined;
  #marking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly user: ClientLibraryUser,
    private readonly name: string,
    private readonly roomIds: readonly string[],
  ) {
    this.#client = new ChatClient({ url: user.url, sessionStorage: user.storage });
    this.#positions = new LibraryPositions(this.#client, user.id, name, roomIds);
    for (const [index, roomId] of roomIds.entries()) {
      const options = { userId: user.id, roomId, name: `${name}-r${index + 1}` };
      this.#choosers.set(roomId, new ChangeChooser(options));
      const emitted: EmittedEvents = { messages: [], wasReset: false };
      this.#emitted.set(roomId, emitted);
      const room = this.#client.room(roomId);
      room.on('message', ({ id, rev }) => emitted.messages.push({ id, rev, isNew: true }));
      room.on('changed', ({ id, rev }) => emitted.messages.push({ id, rev, isNew: false }));
      room.on('reset', () => (emitted.wasReset = true));
    }
  }

  /** Opens every room; resolves once all are loaded. */
  async open(): Promise<void> {
    await Promise.all(this.roomIds.map((roomId) => this.#client.room(roomId).open()));
  }

  /** Sends to the rooms round-robin; some turns change a message instead. */
  startSending(everyMs: number): void {
    let turn = 0;
    this.#sending = setInterval(() => {
      const roomId = this.roomIds[turn % this.roomIds.length];
      turn += 1;
      if (roomId === undefined) return;
      const { messages, role } = this.#client.room(roomId).getSnapshot();
      const change = this.#choosers.get(roomId)?.next(messages.slice(-TARGETS), role);
      if (change) {
        void this.#request(change);
        return;
      }
      const text = `text ${turn} from ${this.name}`;
      const { clientMessageId } = this.#client.outbox.send(roomId, text);
      this.#sends.push({ clientMessageId, roomId, userId: this.user.id, text, attempts: [] });
    }, everyMs);
  }

  /** Marks messages as read, and sometimes as unread. */
  startMarking(everyMs: number): void {
    this.#marking = setInterval(() => this.#positions.moveNext(), everyMs);
  }

  /** Stops sending and marking. */
  stop(): void {
    clearInterval(this.#sending);
    clearInterval(this.#marking);
  }

  get positionRequests(): readonly PositionRequest[] {
    return this.#positions.requests;
  }

  /** Marks messages as unread. @throws ChatError */
  markUnread(roomId: string, seq: number): Promise<void> {
    return this.#client.readPositions.markUnread(roomId, seq);
  }

  /** The read positions in its list of rooms. */
  devicePositions(): DevicePosition[] {
    const { rooms } = this.#client.rooms.getSnapshot();
    return this.roomIds.map((roomId) => {
      const { lastReadSeq, unread } = rooms.find(({ id }) => id === roomId) ?? {};
      return { device: this.name, userId: this.user.id, roomId, lastReadSeq, unread };
    });
  }

  get sends(): readonly Send[] {
    return this.#sends;
  }

  get changes(): readonly ChangeRequest[] {
    return this.#changes;
  }

  /** Describes the rooms that are not up to date. */
  roomsBehind(): string[] {
    return this.roomIds
      .filter((roomId) => !this.#client.room(roomId).getSnapshot().live)
      .map((roomId) => `${this.name} is behind in ${roomId}`);
  }

  /** Describes unsettled work: entries in the outbox, changes, and rooms that are not up to date. */
  unsettled(): string[] {
    const { entries } = this.#client.outbox.getSnapshot();
    const unsent = entries.map(
      ({ state, kind, roomId }) => `${this.name} has a ${state} ${kind} for ${roomId}`,
    );
    const changing = this.#changes
      .filter(({ attempts }) => attempts.length === 0)
      .map(({ name }) => `${name} is not acknowledged`);
    return [
      ...new Set([...unsent, ...changing, ...this.roomsBehind(), ...this.#positions.unsettled()]),
    ];
  }

  views(): View[] {
    return this.roomIds.map((roomId) => {
      const { messages, rev, hasOlder } = this.#client.room(roomId).getSnapshot();
      const emitted = this.#emitted.get(roomId);
      return {
        client: this.name,
        userId: this.user.id,
        roomId,
        messages,
        rev,
        window: hasOlder,
        emitted: [...(emitted?.messages ?? [])],
        wasReset: emitted?.wasReset ?? false,
      };
    });
  }

  close(): void {
    this.stop();
    this.#positions.close();
    this.#client.close();
  }

  /** Requests a change; the library retries it, and requests those of a room in order. */
  async #request(request: MutableChangeRequest): Promise<void> {
    const { outbox } = this.#client;
    const { roomId, attempts } = request;
    const number = this.#changes.push(request);
    const startedAt = Date.now();
    const outcome = await outcomeOf(outbox, outbox.change(roomId, commandOf(request)));
    attempts.push({ startedAt, connection: `the outbox of ${this.name}`, number, outcome });
  }
}

function commandOf({ messageId, change }: MutableChangeRequest): Parameters<Outbox['change']>[1] {
  switch (change.kind) {
    case 'edit':
      return { kind: 'editMessage', payload: { messageId, text: change.text } };
    case 'delete':
      return { kind: 'deleteMessage', payload: { messageId } };
    case 'react':
      return { kind: 'react', payload: { messageId, emoji: change.emoji, on: change.on } };
  }
}

/**
 * Resolves once the outbox has delivered a change or the server has rejected it. No reaction
 * replaces an unsent one: a user sets each once, and removes it after the acknowledgement.
 */
function outcomeOf(outbox: Outbox, { clientMessageId }: OutboxChange): Promise<Outcome> {
  return new Promise((resolve) => {
    const settle = (outcome: Outcome): void => {
      stopRejected();
      stopUpdates();
      resolve(outcome);
    };
    const stopRejected = outbox.on('rejected', ({ change, error: { code, retryAfterMs } }) => {
      if (change.clientMessageId !== clientMessageId) return;
      settle({ kind: 'error', code, retryAfterMs, time: Date.now() });
    });
    const stopUpdates = outbox.subscribe(() => {
      const entry = outbox
        .getSnapshot()
        .entries.find((other) => other.clientMessageId === clientMessageId);
      if (entry && entry.state !== 'sent') return;
      const outcome: Outcome = { kind: 'ok', time: Date.now() };
      // A rejected change is removed just before `rejected`.
      queueMicrotask(() => settle(outcome));
    });
  });
}
