import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Time for a connection opened during a drain to send its request, in milliseconds. */
const FIRST_REQUEST_MS = 500;

/**
 * Tracks the connections of an HTTP server, to drain them on shutdown.
 *
 * Node's own `close` closes only the connections that are idle after a response when it is called.
 * It waits for those that have never sent a request (browsers open some in advance), and for those
 * that become idle later because their response announced keep-alive; this class closes both.
 */
export class HttpConnections {
  readonly #open = new Set<Socket>();
  /** Connections without a request in progress, except upgraded ones. */
  readonly #idle = new Set<Socket>();
  readonly #pendingResponses = new Map<Socket, Set<ServerResponse>>();
  #stopAnnounced = false;
  #draining = false;

  /** @param server must already have all its listeners, including those for upgrades */
  constructor(server: Server) {
    server.on('connection', (connection: Socket) => this.#trackConnection(connection));
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#trackRequest(request.socket, response),
    );
    // A listener changes how Node handles upgrades, so none is added when the server has none.
    if (server.listenerCount('upgrade') > 0) {
      server.prependListener('upgrade', (_request: IncomingMessage, connection: Socket) =>
        this.#idle.delete(connection),
      );
    }
  }

  /**
   * Announces, in the last pending response of each connection (unless its headers have been sent)
   * and in those to later requests, that it is the last on its connection (`Connection: close`).
   */
  announceStop(): void {
    this.#stopAnnounced = true;
    for (const responses of this.#pendingResponses.values()) closeConnectionAfter(responses);
  }

  /**
   * Closes idle connections immediately, and all others once their responses have been sent. The
   * server may continue to listen; a connection opened later gets one response.
   */
  drain(): void {
    this.#draining = true;
    this.announceStop();
    // Reads received data first: closing a connection would discard its request.
    setImmediate(() => {
      for (const connection of this.#idle) connection.destroy();
    });
  }

  /** Closes every connection, even if a request is in progress. */
  destroyAll(): void {
    for (const connection of this.#open) connection.destroy();
  }

  #trackConnection(connection: Socket): void {
    this.#open.add(connection);
    this.#idle.add(connection);
    connection.once('close', () => {
      this.#open.delete(connection);
      this.#idle.delete(connection);
    });
    if (this.#draining) setTimeout(() => this.#closeIfIdle(connection), FIRST_REQUEST_MS).unref();
  }

  #trackRequest(connection: Socket, response: ServerResponse): void {
    this.#idle.delete(connection);
    const responses = this.#pendingResponses.get(connection) ?? new Set();
    this.#pendingResponses.set(connection, responses.add(response));
    if (this.#stopAnnounced) closeConnectionAfter(responses);
    response.once('close', () => {
      responses.delete(response);
      if (responses.size > 0) return;
      this.#pendingResponses.delete(connection);
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
 * Marks the last of these responses as the last on its connection, unless its headers have been
 * sent. The responses to earlier pipelined requests keep the connection open.
 */
function closeConnectionAfter(responses: ReadonlySet<ServerResponse>): void {
  const last = [...responses].at(-1);
  if (last && !last.headersSent) last.shouldKeepAlive = false;
}
