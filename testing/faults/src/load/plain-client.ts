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
import type { Account } from './account.ts';

type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const ACK_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_MS = 200;

interface OpenLog {
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
  readonly emitted: number[];
}

export interface PlainClientOptions {
  readonly name: string;
  readonly account: Account;
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
  readonly #logs: OpenLog[] = [];
  readonly #rooms: ReadonlyMap<string, RoomState>;
  #sent = 0;
  #closed = false;

  constructor(options: PlainClientOptions) {
    this.#options = options;
    this.#rooms = new Map(
      options.roomIds.map((roomId) => [
        roomId,
        { byId: new Map(), rev: 0, buffered: new Map(), emitted: [] },
      ]),
    );
    this.#socket = io(options.account.url, {
      auth: { token: options.account.token },
      transports: [options.transport],
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
      timeout: CONNECT_TIMEOUT_MS,
      forceNew: true,
    });
    this.#listen();
  }

  get userId(): string {
    return this.#options.account.id;
  }

  get roomIds(): readonly string[] {
    return this.#options.roomIds;
  }

  /** Session id of the open connection; undefined while disconnected. */
  get sessionId(): string | undefined {
    return this.#openLog?.sessionId;
  }

  /** Name of the open connection; undefined while disconnected. */
  get connection(): string | undefined {
    return this.#openLog?.name;
  }

  /** Returns the number of the next attempt. */
  nextNumber(): number {
    this.#sent += 1;
    return this.#sent;
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
    const log = this.#openLog;
    return (
      log !== undefined &&
      this.roomIds.every((roomId) => log.received[roomId]?.some(({ kind }) => kind === 'joined'))
    );
  }

  /** Returns the events of a room on the open connection. */
  currentEvents(roomId: string): readonly ReceivedEvent[] {
    return this.#openLog?.received[roomId] ?? [];
  }

  logs(): ConnectionLog[] {
    return this.#logs.map(({ name, openedAt, closedAt, received }) => ({
      name,
      openedAt,
      closedAt,
      received: Object.fromEntries(
        Object.entries(received).map(([id, entries]) => [id, [...entries]]),
      ),
    }));
  }

  views(): View[] {
    return [...this.#rooms].map(([roomId, { byId, rev, emitted }]) => ({
      client: this.#options.name,
      roomId,
      messages: [...byId.values()].toSorted((a, b) => a.seq - b.seq),
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

  get #openLog(): OpenLog | undefined {
    const last = this.#logs.at(-1);
    return last?.closedAt === undefined ? last : undefined;
  }

  #listen(): void {
    this.#socket.on('connect', () => {
      const log: OpenLog = {
        name: `${this.#options.name}/${this.#logs.length + 1}`,
        sessionId: this.#socket.io.engine.id,
        openedAt: Date.now(),
        closedAt: undefined,
        received: {},
      };
      this.#logs.push(log);
      for (const roomId of this.roomIds) void this.#join(roomId, log);
    });
    this.#socket.on('disconnect', (reason) => {
      const log = this.#openLog;
      // A disconnect by `close` is not recorded.
      if (!log || this.#closed) return;
      log.closedAt = Date.now();
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
      const log = this.#openLog;
      if (log) (log.received[roomId] ??= []).push(entry);
      this.#apply(roomId, [message]);
    });
  }

  #connectIn(ms: number): void {
    setTimeout(() => {
      if (!this.#closed) this.#socket.connect();
    }, ms);
  }

  async #join(roomId: string, log: OpenLog): Promise<void> {
    while (log.closedAt === undefined && !this.#closed) {
      const since = this.#rooms.get(roomId)?.rev ?? 0;
      try {
        const ack = await this.request('joinRoom', { roomId, since }, (result) => {
          if (!result.ok) return;
          (log.received[roomId] ??= []).push({ kind: 'joined', rev: result.rev, time: Date.now() });
          this.#apply(roomId, result.changes ?? []);
        });
        if (ack.ok) {
          if (ack.complete === false) await this.#fill(roomId, ack.rev, log);
          return;
        }
        await delay(ack.error.retryAfterMs ?? RETRY_MS);
      } catch {
        await delay(RETRY_MS);
      }
    }
  }

  /** Fetches the changes that the joinRoom acknowledgement did not contain, page by page. */
  async #fill(roomId: string, head: number, log: OpenLog): Promise<void> {
    for (;;) {
      const since = this.#rooms.get(roomId)?.rev ?? 0;
      if (since >= head || log.closedAt !== undefined || this.#closed) return;
      try {
        const { changes } = await this.#options.account.changesAfter(roomId, since);
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
      room.emitted.push(next.rev);
    }
  }
}
