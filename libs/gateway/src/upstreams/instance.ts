import { connect, type Socket } from 'node:net';
import { KEPT_CONNECTIONS, localFailureCode } from '@chat/platform';
import { Pool, type Client, type Dispatcher } from 'undici';
import { Liveness } from './liveness.ts';
import { PollConnections } from './poll-connections.ts';

/** Within this time the next request of a session that has just begun is there. */
const SESSION_FOLLOWS_WITHIN_MS = 1_000;
/** Longest wait for a connection. */
const CONNECT_TIMEOUT_MS = 1_000;
/** Connections for ordinary requests. A service is one thread: more would only wait there instead of here. */
const MAX_CONNECTIONS = 256;
/** Ordinary requests at once, those included that wait for a connection. */
const MAX_REQUESTS = 4_096;

/** An instance could not be connected to: nothing was sent to it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** The gateway could not open a connection, for a reason that is not the instance's: nothing was sent. */
export class LocalFailureError extends Error {
  override readonly name = 'LocalFailureError';
  constructor(
    readonly code: string,
    cause: unknown,
  ) {
    super('the gateway cannot open a connection', { cause });
  }
}

/**
 * `in`: it answers. `out`: it does not answer in time, or is stopping, so nothing new goes to
 * it, and what is open to it goes on. `lost`: nothing at all has come from it for so long that
 * what is open to it is closed.
 */
export type InstanceState = 'in' | 'out' | 'lost';

/** `request`: answered soon. `poll`: answered when there is something to say, so it holds its connection for long. */
export type RequestKind = 'request' | 'poll';

/** Receives an answer; `ended` resolves when nothing more comes. */
export interface AnswerHandler extends Dispatcher.DispatchHandler {
  readonly ended: Promise<void>;
}

/** One process of a service, as the gateway sees it. */
export class Instance {
  state: InstanceState = 'out';
  /** What its session ids begin with; undefined until it has answered. */
  id: string | undefined;
  /** Connections to it, from the moment they are tried. */
  readonly #open = new Set<Socket>();
  readonly #active = { request: 0, poll: 0, socket: 0, begun: 0 };
  readonly #requests: Pool;
  readonly #polls: PollConnections;
  readonly #liveness = new Liveness();

  constructor(
    readonly address: string,
    readonly port: number,
  ) {
    const options: Client.Options = {
      // Requests bring limits of their own, which begin before there is a connection.
      headersTimeout: 0,
      connect: (_options, done) => {
        this.#dial().then(
          (socket) => done(null, socket),
          (error: unknown) => done(error as Error, null),
        );
      },
    };
    this.#requests = new Pool(this.url, {
      ...KEPT_CONNECTIONS,
      ...options,
      connections: MAX_CONNECTIONS,
    });
    this.#polls = new PollConnections(this.url, options);
  }

  /** Origin of its own, by address. */
  get url(): string {
    const host = this.address.includes(':') ? `[${this.address}]` : this.address;
    return `http://${host}:${this.port}`;
  }

  /** What it has to do: requests, sockets, and sessions that are between their first two requests. */
  get load(): number {
    const { request, poll, socket, begun } = this.#active;
    return request + poll + socket + begun;
  }

  /** Whether as many ordinary requests as are allowed are on their way to it. */
  get isFull(): boolean {
    return this.#active.request >= MAX_REQUESTS;
  }

  /** A session of many short requests has begun: it counts before its next one comes. */
  sessionBegan(): void {
    this.#active.begun += 1;
    setTimeout(() => (this.#active.begun -= 1), SESSION_FOLLOWS_WITHIN_MS).unref();
  }

  /** Records an answer, in time or not. */
  heard(): void {
    this.#liveness.heard();
  }

  /** For how long there was neither an answer nor a byte over any connection to it. */
  silentForMs(): number {
    return this.#liveness.silentForMs(this.#open);
  }

  /** Closes every connection: requests that wait for an answer get none. */
  closeAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /**
   * Sends a request over a kept connection, or a new one.
   *
   * @param handler is given RefusedError or LocalFailureError when there is no connection
   */
  send(kind: RequestKind, request: Dispatcher.DispatchOptions, handler: AnswerHandler): void {
    this.#active[kind] += 1;
    void handler.ended.then(() => (this.#active[kind] -= 1));
    if (kind === 'poll') this.#polls.dispatch(request, handler);
    else this.#requests.dispatch(request, handler);
  }

  /**
   * Opens a connection for a socket.
   *
   * @throws RefusedError, LocalFailureError
   */
  async connect(): Promise<Socket> {
    this.#active.socket += 1;
    const closed = (): void => void (this.#active.socket -= 1);
    try {
      return (await this.#dial()).once('close', closed);
    } catch (error) {
      closed();
      throw error;
    }
  }

  #dial(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.address, port: this.port, noDelay: true });
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      const timer = setTimeout(() => {
        fail(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`));
      }, CONNECT_TIMEOUT_MS);
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        const code = localFailureCode(cause);
        reject(
          code === undefined
            ? new RefusedError(`${this.url} cannot be connected to`, { cause })
            : new LocalFailureError(code, cause),
        );
      };
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        // Whoever uses it listens too; an error in between must not end the process.
        socket.on('error', () => undefined);
        resolve(socket);
      });
    });
  }
}
