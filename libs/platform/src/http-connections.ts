import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long a connection that is opened during a drain may take to send its request, in milliseconds. */
const FIRST_REQUEST_MS = 500;

/**
 * The connections of an HTTP server. Node's own `close` waits for connections
 * that have never sent a request (browsers open some in advance) and for those
 * whose last answer was promised to keep them alive; this closes both.
 */
export class HttpConnections {
  readonly #open = new Set<Socket>();
  /** Connections without a request in progress, upgraded ones excluded. */
  readonly #idle = new Set<Socket>();
  readonly #answering = new Map<Socket, Set<ServerResponse>>();
  #announced = false;
  #draining = false;

  /** @param server with all its listeners, those for upgrades included */
  constructor(server: Server) {
    server.on('connection', (connection: Socket) => this.#opened(connection));
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#asked(request.socket, response),
    );
    // A listener changes what Node does with upgrades, so there is none where they are refused.
    if (server.listenerCount('upgrade') > 0) {
      server.prependListener('upgrade', (_request: IncomingMessage, connection: Socket) =>
        this.#idle.delete(connection),
      );
    }
  }

  /**
   * Announces with every answer whose headers are still to be sent, and with those to later
   * requests, that it is the last of its connection.
   */
  announceStop(): void {
    this.#announced = true;
    for (const responses of this.#answering.values()) endConnectionAfter(responses);
  }

  /**
   * Closes idle connections at once, and every other as soon as its requests are
   * answered. The server may go on listening; what connects later has one answer.
   */
  drain(): void {
    this.#draining = true;
    this.announceStop();
    // What has arrived already is read first: closing a connection would throw its request away.
    setImmediate(() => {
      for (const connection of this.#idle) connection.destroy();
    });
  }

  /** Closes every connection, whatever is in progress on it. */
  cut(): void {
    for (const connection of this.#open) connection.destroy();
  }

  #opened(connection: Socket): void {
    this.#open.add(connection);
    this.#idle.add(connection);
    connection.once('close', () => {
      this.#open.delete(connection);
      this.#idle.delete(connection);
    });
    if (this.#draining) setTimeout(() => this.#closeIfIdle(connection), FIRST_REQUEST_MS).unref();
  }

  #asked(connection: Socket, response: ServerResponse): void {
    this.#idle.delete(connection);
    const responses = this.#answering.get(connection) ?? new Set();
    this.#answering.set(connection, responses.add(response));
    if (this.#announced) endConnectionAfter(responses);
    response.once('close', () => {
      responses.delete(response);
      if (responses.size > 0) return;
      this.#answering.delete(connection);
      if (!this.#open.has(connection)) return;
      this.#idle.add(connection);
      if (this.#draining) connection.destroySoon();
    });
  }

  #closeIfIdle(connection: Socket): void {
    if (this.#idle.has(connection)) connection.destroy();
  }
}

/**
 * Announces to the client that the last of these answers is the last of its connection, unless
 * its headers have been sent. Answers to pipelined requests before it leave the connection open.
 */
function endConnectionAfter(responses: ReadonlySet<ServerResponse>): void {
  const last = [...responses].at(-1);
  if (last && !last.headersSent) last.shouldKeepAlive = false;
}
