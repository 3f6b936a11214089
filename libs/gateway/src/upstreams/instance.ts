import { connect, type Socket } from 'node:net';
import { localFailureCode } from '@chat/platform/failures';
import { KEEP_ALIVE_OPTIONS } from '@chat/platform/http';
import { Pool, type Client, type Dispatcher } from 'undici';
import { Liveness } from './liveness.ts';
import { PollConnections } from './poll-connections.ts';

/** Time within which a new session sends its next request. */
const SESSION_FOLLOWS_WITHIN_MS = 1_000;
/** Timeout of a connection attempt. */
const CONNECT_TIMEOUT_MS = 1_000;
/**
 * Maximum number of connections for ordinary requests. A service has one thread: more requests
 * would wait there instead of in the gateway.
 */
const MAX_CONNECTIONS = 256;
/** Maximum number of ordinary requests in flight, including those that wait for a connection. */
const MAX_REQUESTS = 4_096;

/** Thrown when a connection to an instance cannot be opened; nothing was sent. */
export class InstanceUnreachableError extends Error {
  override readonly name = 'InstanceUnreachableError';
}

/** Thrown when the gateway lacks a resource to open a connection; nothing was sent. */
export class LocalFailureError extends Error {
  override readonly name = 'LocalFailureError';
  constructor(
    readonly code: string,
    cause: unknown,
  ) {
    super('the gateway lacks a resource to open a connection', { cause });
  }
}

/**
 * `available`: it responds to probes. `unavailable`: it does not respond in time, or is stopping;
 * it gets no new requests, but its open connections continue. `lost`: it has sent no bytes for so
 * long that its connections are closed.
 */
export type InstanceState = 'available' | 'unavailable' | 'lost';

/** `request`: ordinary. `poll`: a long poll, which holds its connection until there is a packet. */
export type RequestKind = 'request' | 'poll';

/** Receives a response; `ended` resolves when the response is complete or has failed. */
export interface ResponseHandler extends Dispatcher.DispatchHandler {
  readonly ended: Promise<void>;
}

/** The gateway's view of one process of a service: its state, load and connections. */
export class Instance {
  state: InstanceState = 'unavailable';
  /** Prefix of its session ids; undefined until it has responded to a probe. */
  id: string | undefined;
  /** Its connections, including those being opened. */
  readonly #connections = new Set<Socket>();
  readonly #active = { request: 0, poll: 0, socket: 0, newSessions: 0 };
  readonly #requests: Pool;
  readonly #polls: PollConnections;
  readonly #liveness = new Liveness();

  constructor(
    readonly address: string,
    readonly port: number,
  ) {
    const options: Client.Options = {
      // Each request has its own timeout, which starts before there is a connection.
      headersTimeout: 0,
      connect: (_options, done) => {
        this.#dial().then(
          (socket) => done(null, socket),
          (error: unknown) => done(error as Error, null),
        );
      },
    };
    this.#requests = new Pool(this.url, {
      ...KEEP_ALIVE_OPTIONS,
      ...options,
      connections: MAX_CONNECTIONS,
    });
    this.#polls = new PollConnections(this.url, options);
  }

  /** Origin of the instance, by address. */
  get url(): string {
    const host = this.address.includes(':') ? `[${this.address}]` : this.address;
    return `http://${host}:${this.port}`;
  }

  /** Number of its requests, sockets, and sessions that are between their first two requests. */
  get load(): number {
    const { request, poll, socket, newSessions } = this.#active;
    return request + poll + socket + newSessions;
  }

  /** Whether the limit on ordinary requests in flight is reached. */
  get isFull(): boolean {
    return this.#active.request >= MAX_REQUESTS;
  }

  /** Adds a new long-polling session to the load for 1 s: by then its next request has arrived. */
  sessionStarted(): void {
    this.#active.newSessions += 1;
    setTimeout(() => (this.#active.newSessions -= 1), SESSION_FOLLOWS_WITHIN_MS).unref();
  }

  /** Records a response, in time or late. */
  markAlive(): void {
    this.#liveness.markAlive();
  }

  /** Returns how long there has been neither a response nor a byte on any of its connections. */
  unresponsiveForMs(): number {
    return this.#liveness.unresponsiveForMs(this.#connections);
  }

  /** Closes every connection; requests in flight fail. */
  closeConnections(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  /**
   * Sends a request over a persistent connection, or a new one.
   *
   * @param handler receives InstanceUnreachableError or LocalFailureError when there is no
   * connection
   */
  send(kind: RequestKind, request: Dispatcher.DispatchOptions, handler: ResponseHandler): void {
    this.#active[kind] += 1;
    void handler.ended.then(() => (this.#active[kind] -= 1));
    if (kind === 'poll') this.#polls.dispatch(request, handler);
    else this.#requests.dispatch(request, handler);
  }

  /**
   * Opens a connection for a socket.
   *
   * @throws InstanceUnreachableError, LocalFailureError
   */
  async connect(): Promise<Socket> {
    this.#active.socket += 1;
    const release = (): void => void (this.#active.socket -= 1);
    try {
      return (await this.#dial()).once('close', release);
    } catch (error) {
      release();
      throw error;
    }
  }

  #dial(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.address, port: this.port, noDelay: true });
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
      const timer = setTimeout(() => {
        fail(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`));
      }, CONNECT_TIMEOUT_MS);
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        const code = localFailureCode(cause);
        reject(
          code === undefined
            ? new InstanceUnreachableError(`cannot connect to ${this.url}`, { cause })
            : new LocalFailureError(code, cause),
        );
      };
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        // The caller adds a listener; an error before that must not crash the process.
        socket.on('error', () => undefined);
        resolve(socket);
      });
    });
  }
}
