import { setTimeout as delay } from 'node:timers/promises';
import type {
  Ack,
  ClientEvent,
  ClientPayload,
  ClientResult,
  ClientToServerEvents,
  Message,
  ServerToClientEvents,
} from '@chat/contracts';
import { io, type Socket } from 'socket.io-client';
import type { ConnectionLog, ReceivedEvent, View } from '../check/observation.ts';
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

/** State of a room in the client. */
interface RoomState {
  readonly byId: Map<string, Message>;
  /** The highest rev without a gap before it. */
  rev: number;
  /** Changes after a gap, by rev. */
  readonly buffered: Map<number, Message>;
  /** Revs in the order in which they were applied. */
  readonly appliedRevs: number[];
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
  readonly #rooms: ReadonlyMap<string, RoomState>;
  #attempts = 0;
  #closed = false;

  constructor(options: PlainClientOptions) {
    this.#options = options;
    this.#rooms = new Map(
      options.roomIds.map((roomId) => [
        roomId,
        { byId: new Map(), rev: 0, buffered: new Map(), appliedRevs: [] },
      ]),
    );
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
    return [...this.#rooms].map(([roomId, { byId, rev, appliedRevs }]) => ({
      client: this.#options.name,
      roomId,
      messages: [...byId.values()].toSorted((a, b) => a.seq - b.seq),
      rev,
      window: false,
      emitted: [...appliedRevs],
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
    this.#socket.on('receiveMessage', (message) => {
      const { roomId } = message;
      const entry: ReceivedEvent = { kind: 'message', message, time: Date.now() };
      const record = this.#openRecord;
      if (record) (record.received[roomId] ??= []).push(entry);
      this.#apply(roomId, [message]);
    });
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
          (record.received[roomId] ??= []).push({
            kind: 'joined',
            rev: result.rev,
            time: Date.now(),
          });
          this.#apply(roomId, result.changes ?? []);
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

  /** Fetches the changes that the joinRoom acknowledgement did not contain, page by page. */
  async #fill(roomId: string, head: number, record: ConnectionRecord): Promise<void> {
    for (;;) {
      const since = this.#rooms.get(roomId)?.rev ?? 0;
      if (since >= head || record.closedAt !== undefined || this.#closed) return;
      try {
        const { changes } = await this.#options.user.changesAfter(roomId, since);
        this.#apply(roomId, changes);
      } catch {
        await delay(RETRY_MS);
      }
    }
  }

  #apply(roomId: string, messages: readonly Message[]): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    for (const message of messages)
      if (message.rev > room.rev) room.buffered.set(message.rev, message);
    for (;;) {
      const next = room.buffered.get(room.rev + 1);
      if (!next) break;
      room.buffered.delete(next.rev);
      room.byId.set(next.id, next);
      room.rev = next.rev;
      room.appliedRevs.push(next.rev);
    }
  }
}
