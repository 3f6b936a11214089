import { setTimeout as delay } from 'node:timers/promises';
import type {
  Ack,
  ClientEvent,
  ClientPayload,
  ClientResult,
  ClientToServerEvents,
  Message,
  Role,
  ServerToClientEvents,
} from '@chat/contracts';
import { io, type Socket } from 'socket.io-client';
import type {
  ConnectionLog,
  LiveEvent,
  PositionEvent,
  ReceivedEvent,
  View,
} from '../check/observation.ts';
import { KnownPositions } from './known-positions.ts';
import { RoomReplica } from './room-replica.ts';
import type { TestUser } from './test-user.ts';

type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const ACK_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_MS = 200;

/** Record of one connection, from its start until its end. */
interface ConnectionRecord {
  readonly name: string;
  /** Session id assigned by the server, `<instance>.<random>`. */
  readonly sessionId: string;
  readonly openedAt: number;
  closedAt: number | undefined;
  readonly received: Record<string, ReceivedEvent[]>;
}

export interface PlainClientOptions {
  readonly name: string;
  readonly user: TestUser;
  readonly roomIds: readonly string[];
  readonly transport: 'websocket' | 'polling';
}

/**
 * A client that follows the contract without the client library: after every connect it joins with
 * its last rev, applies the changes in the acknowledgement and requests the rest. It records all
 * events.
 */
export class PlainClient {
  readonly #options: PlainClientOptions;
  readonly #socket: ClientSocket;
  readonly #records: ConnectionRecord[] = [];
  readonly #positionEvents: PositionEvent[] = [];
  readonly #rooms: ReadonlyMap<string, RoomReplica>;
  readonly #roles = new Map<string, Role>();
  /** Read positions of the user as this client knows them. */
  readonly positions = new KnownPositions();
  #attempts = 0;
  #closed = false;

  constructor(options: PlainClientOptions) {
    this.#options = options;
    this.#rooms = new Map(options.roomIds.map((roomId) => [roomId, new RoomReplica()]));
    this.#socket = io(options.user.url, {
      auth: { token: options.user.token },
      transports: [options.transport],
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
      timeout: CONNECT_TIMEOUT_MS,
      forceNew: true,
    });
    this.#listen();
  }

  get name(): string {
    return this.#options.name;
  }

  /** `readPosition` events so far. */
  get positionEvents(): readonly PositionEvent[] {
    return this.#positionEvents;
  }

  get userId(): string {
    return this.#options.user.id;
  }

  get roomIds(): readonly string[] {
    return this.#options.roomIds;
  }

  /** Session id of the open connection; undefined while disconnected. */
  get sessionId(): string | undefined {
    return this.#openRecord?.sessionId;
  }

  /** Name of the open connection; undefined while disconnected. */
  get connectionName(): string | undefined {
    return this.#openRecord?.name;
  }

  /** Returns a number for the next attempt to send, higher than all earlier ones. */
  nextAttemptNumber(): number {
    this.#attempts += 1;
    return this.#attempts;
  }

  /**
   * Emits an event on the open connection; resolves with the acknowledgement.
   *
   * @param onAck called synchronously on arrival, before any later event
   * @throws Error when no acknowledgement arrives in time
   */
  request<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    onAck: (ack: Ack<ClientResult<E>>) => void = () => undefined,
  ): Promise<Ack<ClientResult<E>>> {
    const emitter = this.#socket.timeout(ACK_TIMEOUT_MS) as unknown as {
      emit(
        event: E,
        payload: ClientPayload<E>,
        callback: (error: Error | null, ack: Ack<ClientResult<E>>) => void,
      ): void;
    };
    return new Promise((resolve, reject) => {
      emitter.emit(event, payload, (error, ack) => {
        if (error) return reject(error);
        onAck(ack);
        resolve(ack);
      });
    });
  }

  /** Whether it has joined all its rooms on the open connection. */
  get joined(): boolean {
    const record = this.#openRecord;
    return (
      record !== undefined &&
      this.roomIds.every((roomId) => record.received[roomId]?.some(({ kind }) => kind === 'joined'))
    );
  }

  /** Returns the events of a room on the open connection. */
  currentEvents(roomId: string): readonly ReceivedEvent[] {
    return this.#openRecord?.received[roomId] ?? [];
  }

  /** Returns the newest messages of a room, oldest first. */
  newestMessages(roomId: string, limit: number): readonly Message[] {
    return this.#rooms.get(roomId)?.messages.slice(-limit) ?? [];
  }

  /** Returns the role of the user when it last joined the room. */
  roleIn(roomId: string): Role | undefined {
    return this.#roles.get(roomId);
  }

  logs(): ConnectionLog[] {
    return this.#records.map(({ name, openedAt, closedAt, received }) => ({
      name,
      openedAt,
      closedAt,
      received: Object.fromEntries(
        Object.entries(received).map(([id, entries]) => [id, [...entries]]),
      ),
    }));
  }

  views(): View[] {
    return [...this.#rooms].map(([roomId, { messages, rev, emitted }]) => ({
      client: this.#options.name,
      userId: this.userId,
      roomId,
      messages,
      rev,
      window: false,
      emitted: [...emitted],
      wasReset: false,
    }));
  }

  close(): void {
    this.#closed = true;
    this.#socket.disconnect();
  }

  get #openRecord(): ConnectionRecord | undefined {
    const last = this.#records.at(-1);
    return last?.closedAt === undefined ? last : undefined;
  }

  #listen(): void {
    this.#socket.on('connect', () => {
      const record: ConnectionRecord = {
        name: `${this.#options.name}/${this.#records.length + 1}`,
        sessionId: this.#socket.io.engine.id,
        openedAt: Date.now(),
        closedAt: undefined,
        received: {},
      };
      this.#records.push(record);
      for (const replica of this.#rooms.values()) replica.holdEvents();
      for (const roomId of this.roomIds) void this.#join(roomId, record);
    });
    this.#socket.on('disconnect', (reason) => {
      const record = this.#openRecord;
      // A disconnect by `close` is not recorded.
      if (!record || this.#closed) return;
      record.closedAt = Date.now();
      // socket.io does not reconnect by itself after this reason.
      if (reason === 'io server disconnect') this.#connectIn(RETRY_MS);
    });
    // socket.io retries an unreachable server, but not a rejected connection.
    this.#socket.on('connect_error', () => {
      if (!this.#socket.active) this.#connectIn(RETRY_MS);
    });
    this.#socket.on('serverDraining', ({ reconnectInMs }) => {
      this.#socket.disconnect();
      this.#connectIn(reconnectInMs);
    });
    this.#socket.on('readPosition', (payload: unknown) => {
      const connection = this.#openRecord?.name ?? this.#options.name;
      const { userId } = this;
      this.#positionEvents.push({ connection, userId, payload, time: Date.now() });
      this.positions.receive(payload);
    });
    this.#socket.on('receiveMessage', (message) => {
      this.positions.applyMessage(message.roomId, message.seq, message.userId === this.userId);
      this.#receive(message.roomId, { kind: 'message', message, time: Date.now() });
    });
    this.#socket.on('messageChanged', (changed) => {
      this.#receive(changed.roomId, { kind: 'changed', changed, time: Date.now() });
    });
    this.#socket.on('roomHeads', (heads) => {
      for (const { roomId, seq, rev, since } of heads) {
        this.positions.applyMessage(roomId, seq, false);
        if (since === undefined || !this.#rooms.has(roomId)) continue;
        this.#receive(roomId, { kind: 'head', rev, since, time: Date.now() });
      }
    });
  }

  #receive(roomId: string, event: LiveEvent): void {
    const record = this.#openRecord;
    if (record) (record.received[roomId] ??= []).push(event);
    this.#rooms.get(roomId)?.receive(event);
  }

  #connectIn(ms: number): void {
    setTimeout(() => {
      if (!this.#closed) this.#socket.connect();
    }, ms);
  }

  async #join(roomId: string, record: ConnectionRecord): Promise<void> {
    while (record.closedAt === undefined && !this.#closed) {
      const since = this.#rooms.get(roomId)?.rev ?? 0;
      try {
        const ack = await this.request('joinRoom', { roomId, since }, (result) => {
          if (!result.ok) return;
          const { rev, role, changes = [], complete } = result;
          const joined: ReceivedEvent = { kind: 'joined', rev, changes, time: Date.now() };
          (record.received[roomId] ??= []).push(joined);
          this.#roles.set(roomId, role);
          if (complete) this.#rooms.get(roomId)?.applyStates(changes, rev, true);
        });
        if (ack.ok) {
          if (ack.complete === false) await this.#fill(roomId, ack.rev, record);
          return;
        }
        await delay(ack.error.retryAfterMs ?? RETRY_MS);
      } catch {
        await delay(RETRY_MS);
      }
    }
  }

  /** Reads the changes up to the head, page by page, which the acknowledgement did not contain. */
  async #fill(roomId: string, head: number, record: ConnectionRecord): Promise<void> {
    const replica = this.#rooms.get(roomId);
    while (replica && record.closedAt === undefined && !this.#closed) {
      const requestedAt = Date.now();
      try {
        const page = await this.#options.user.changesAfter(roomId, replica.rev);
        // A new connection has begun to catch up by itself.
        if (this.#openRecord !== record) return;
        const { changes, rev } = page;
        const entry: ReceivedEvent = { kind: 'page', changes, requestedAt, time: Date.now() };
        (record.received[roomId] ??= []).push(entry);
        const complete = page.complete && rev >= head;
        replica.applyStates(changes, rev, complete);
        if (complete) return;
        if (page.complete) await delay(RETRY_MS);
      } catch {
        await delay(RETRY_MS);
      }
    }
  }
}
