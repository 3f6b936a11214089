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
import type { ConnectionLog, Shown, View } from '../check/observation.ts';
import type { Account } from './account.ts';

type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const ANSWER_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_MS = 200;

interface OpenLog {
  readonly name: string;
  /** As the server names it: the instance, a dot, and the session. */
  readonly sessionId: string;
  readonly openedAt: number;
  closedAt: number | undefined;
  readonly shown: Record<string, Shown[]>;
}

/** What the client has of a room. */
interface Held {
  readonly byId: Map<string, Message>;
  /** The last change up to which nothing is missing. */
  rev: number;
  /** Changes beyond that. */
  readonly ahead: Map<number, Message>;
  readonly announced: number[];
}

export interface PlainClientOptions {
  readonly name: string;
  readonly account: Account;
  readonly roomIds: readonly string[];
  readonly transport: 'websocket' | 'polling';
}

/**
 * A client of the bare wire, as the contract tells to write one: it joins with the last rev that it
 * has after every connect, takes what the answer holds and asks for the rest. It remembers everything.
 */
export class PlainClient {
  readonly #options: PlainClientOptions;
  readonly #socket: ClientSocket;
  readonly #logs: OpenLog[] = [];
  readonly #held: ReadonlyMap<string, Held>;
  #sent = 0;
  #closed = false;

  constructor(options: PlainClientOptions) {
    this.#options = options;
    this.#held = new Map(
      options.roomIds.map((roomId) => [
        roomId,
        { byId: new Map(), rev: 0, ahead: new Map(), announced: [] },
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

  /** Of the connection that is open; undefined while there is none. */
  get sessionId(): string | undefined {
    return this.#openLog?.sessionId;
  }

  /** Name of the connection that is open; undefined while there is none. */
  get connection(): string | undefined {
    return this.#openLog?.name;
  }

  /** A number for what goes out next. */
  nextNumber(): number {
    this.#sent += 1;
    return this.#sent;
  }

  /**
   * Emits on the connection that is open.
   *
   * @param hear called with the answer in the moment of its arrival, before any event that follows
   * @throws Error without an answer in time
   */
  ask<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    hear: (answer: Ack<ClientResult<E>>) => void = () => undefined,
  ): Promise<Ack<ClientResult<E>>> {
    const emitter = this.#socket.timeout(ANSWER_TIMEOUT_MS) as unknown as {
      emit(
        event: E,
        payload: ClientPayload<E>,
        ack: (error: Error | null, answer: Ack<ClientResult<E>>) => void,
      ): void;
    };
    return new Promise((resolve, reject) => {
      emitter.emit(event, payload, (error, answer) => {
        if (error) return reject(error);
        hear(answer);
        resolve(answer);
      });
    });
  }

  /** Whether it has joined its rooms on the connection that is open. */
  get joined(): boolean {
    const log = this.#openLog;
    return (
      log !== undefined &&
      this.roomIds.every((roomId) => log.shown[roomId]?.some(({ kind }) => kind === 'joined'))
    );
  }

  /** What the connection that is open was shown of a room. */
  shownNow(roomId: string): readonly Shown[] {
    return this.#openLog?.shown[roomId] ?? [];
  }

  logs(): ConnectionLog[] {
    return this.#logs.map(({ name, openedAt, closedAt, shown }) => ({
      name,
      openedAt,
      closedAt,
      shown: Object.fromEntries(Object.entries(shown).map(([id, entries]) => [id, [...entries]])),
    }));
  }

  views(): View[] {
    return [...this.#held].map(([roomId, { byId, rev, announced }]) => ({
      client: this.#options.name,
      roomId,
      messages: [...byId.values()].toSorted((a, b) => a.seq - b.seq),
      rev,
      window: false,
      announced: [...announced],
      beganAnew: false,
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
        shown: {},
      };
      this.#logs.push(log);
      for (const roomId of this.roomIds) void this.#join(roomId, log);
    });
    this.#socket.on('disconnect', (reason) => {
      const log = this.#openLog;
      // What we end ourselves is no loss.
      if (!log || this.#closed) return;
      log.closedAt = Date.now();
      // After this one socket.io does not come back by itself.
      if (reason === 'io server disconnect') this.#connectIn(RETRY_MS);
    });
    // The server cannot be reached or refuses: it is tried again, by socket.io unless it was refused.
    this.#socket.on('connect_error', () => {
      if (!this.#socket.active) this.#connectIn(RETRY_MS);
    });
    this.#socket.on('serverDraining', ({ reconnectInMs }) => {
      this.#socket.disconnect();
      this.#connectIn(reconnectInMs);
    });
    this.#socket.on('receiveMessage', (message) => {
      const { roomId } = message;
      const entry: Shown = { kind: 'message', message, at: Date.now() };
      const log = this.#openLog;
      if (log) (log.shown[roomId] ??= []).push(entry);
      this.#take(roomId, [message]);
    });
  }

  #connectIn(ms: number): void {
    setTimeout(() => {
      if (!this.#closed) this.#socket.connect();
    }, ms);
  }

  async #join(roomId: string, log: OpenLog): Promise<void> {
    while (log.closedAt === undefined && !this.#closed) {
      const since = this.#held.get(roomId)?.rev ?? 0;
      try {
        const answer = await this.ask('joinRoom', { roomId, since }, (heard) => {
          if (!heard.ok) return;
          (log.shown[roomId] ??= []).push({ kind: 'joined', rev: heard.rev, at: Date.now() });
          this.#take(roomId, heard.changes ?? []);
        });
        if (answer.ok) {
          if (answer.complete === false) await this.#fill(roomId, answer.rev, log);
          return;
        }
        await delay(answer.error.retryAfterMs ?? RETRY_MS);
      } catch {
        await delay(RETRY_MS);
      }
    }
  }

  /** Asks for what the answer to a join did not hold, page by page. */
  async #fill(roomId: string, head: number, log: OpenLog): Promise<void> {
    for (;;) {
      const since = this.#held.get(roomId)?.rev ?? 0;
      if (since >= head || log.closedAt !== undefined || this.#closed) return;
      try {
        const { changes } = await this.#options.account.changesAfter(roomId, since);
        this.#take(roomId, changes);
      } catch {
        await delay(RETRY_MS);
      }
    }
  }

  #take(roomId: string, messages: readonly Message[]): void {
    const held = this.#held.get(roomId);
    if (!held) return;
    for (const message of messages)
      if (message.rev > held.rev) held.ahead.set(message.rev, message);
    for (;;) {
      const next = held.ahead.get(held.rev + 1);
      if (!next) break;
      held.ahead.delete(next.rev);
      held.byId.set(next.id, next);
      held.rev = next.rev;
      held.announced.push(next.rev);
    }
  }
}
