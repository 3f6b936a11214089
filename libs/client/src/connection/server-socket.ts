import type {
  Ack,
  ClientEvent,
  ClientPayload,
  ClientResult,
  ServerEvent,
  ServerPayload,
  SocketError,
} from '@chat/contracts';
import { io, type Socket } from 'socket.io-client';
import { ChatError } from '../chat-error.ts';
import { Emitter } from '../emitter.ts';
import type { ServerUrl } from '../server-url.ts';
import type { Transport } from './transport-order.ts';

type ServerEvents = { [E in ServerEvent]: ServerPayload<E> };

/** Reactions of the connection to its socket. */
export interface SocketHandlers {
  connected: () => void;
  /** The connection uses this transport: before `connected`, and again after an upgrade. */
  transport: (transport: Transport) => void;
  /** The connection was lost. Not called after `disconnect()`. */
  lost: () => void;
  /** An attempt to connect failed, or was rejected by the server. */
  failed: (error: ChatError) => void;
  sessionExpired: () => void;
  draining: (reconnectInMs: number) => void;
}

/** The Socket.IO socket with the events of the contract. Connects only on `connect()`. */
export class ServerSocket {
  /** Every event from the server, as it arrives. */
  readonly events = new Emitter<ServerEvents>();
  readonly #socket: Socket;

  constructor(
    { origin, basePath }: ServerUrl,
    accessToken: () => string,
    handlers: SocketHandlers,
  ) {
    this.#socket = io(origin, {
      path: `${basePath}/socket.io`,
      autoConnect: false,
      forceNew: true,
      // Connection implements reconnection: Socket.IO's own neither reports its next attempt nor
      // waits for a fresh token.
      reconnection: false,
      tryAllTransports: true,
      auth: (send: (auth: object) => void) => send({ token: accessToken() }),
    });
    // Called before the handlers below: subscribers see an event before the connection reacts to it.
    this.#socket.onAny((event: ServerEvent, payload: ServerPayload<ServerEvent>) =>
      this.events.emit(event, payload),
    );
    this.#socket.on('connect', () => {
      handlers.transport(this.#socket.io.engine.transport.name as Transport);
      handlers.connected();
    });
    this.#socket.io.on('open', () => {
      this.#socket.io.engine.on('upgrade', ({ name }) => handlers.transport(name as Transport));
    });
    this.#socket.on('disconnect', (reason) => {
      if (reason !== 'io client disconnect') handlers.lost();
    });
    this.#socket.on('connect_error', ({ data }: Error & { data?: SocketError }) => {
      handlers.failed(
        data ? fromSocketError(data) : new ChatError('NETWORK', 'The server is unreachable.'),
      );
    });
    this.#socket.on('sessionExpired', handlers.sessionExpired);
    this.#socket.on('serverDraining', ({ reconnectInMs }: ServerPayload<'serverDraining'>) =>
      handlers.draining(reconnectInMs),
    );
  }

  /** Begins an attempt with the first transport; the others are for when it fails. */
  connect(transports: readonly Transport[]): void {
    this.#socket.io.opts.transports = [...transports];
    this.#socket.connect();
  }

  disconnect(): void {
    this.#socket.disconnect();
  }

  /**
   * Sends one event and waits for its acknowledgement.
   * @throws ChatError NETWORK, TIMEOUT or the error that the server returned
   */
  async emit<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    timeoutMs: number,
  ): Promise<ClientResult<E>> {
    let ack: Ack<ClientResult<E>>;
    try {
      ack = (await this.#socket.timeout(timeoutMs).emitWithAck(event, payload)) as typeof ack;
    } catch {
      throw this.#socket.connected
        ? new ChatError('TIMEOUT', 'The server did not respond in time.')
        : new ChatError('NETWORK', 'The connection was lost before the server responded.');
    }
    if (!ack.ok) throw fromSocketError(ack.error);
    return ack;
  }
}

function fromSocketError({ code, message, retryAfterMs, details }: SocketError): ChatError {
  return new ChatError(code, message, { retryAfterMs, details });
}
