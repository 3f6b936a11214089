import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TrustProxy } from '@chat/platform/http';
import { Injectable } from '@nestjs/common';
import type { ChatServer } from '../chat-socket.ts';
import { SlowSockets } from './slow-sockets.ts';
import { ConnectionRefusals } from './connection-refusals.ts';
import {
  CLOSE_TIMEOUT_MS,
  closeImmediately,
  limitClosingTime,
  onWebSocketClosed,
  terminateWebSocket,
  type EngineConnection,
  type EnginePacket,
} from './engine-connection.ts';
import { HandshakeLimits } from './handshake-limits.ts';

/** Unsent bytes of an unauthenticated client: much more than the handshake and a rejection. */
const MAX_UNSENT_BYTES = 16 * 1024;
/** Packets of an unauthenticated client: its CONNECT, and pongs. */
const MAX_PACKETS = 8;
/** Upgrade probes, each of which gets a response; an official client sends one. */
const MAX_PROBES = 5;

/** Packet types of the Socket.IO protocol (v5). */
const CONNECT = '0';
const CONNECT_ERROR = '4';

/**
 * Limits what a client can do before it has authenticated. It may send one CONNECT; a rejected
 * CONNECT closes the connection.
 */
@Injectable()
export class UnauthenticatedConnections {
  /** Callbacks that lift the limits of a connection once it has authenticated. */
  readonly #liftLimits = new WeakMap<EngineConnection, () => void>();

  constructor(
    private readonly limits: HandshakeLimits,
    private readonly refusals: ConnectionRefusals,
    private readonly slowSockets: SlowSockets,
  ) {}

  /** Applies the limits to all connections of the server; called once, before clients connect. */
  guard(server: ChatServer, trusted: TrustProxy): void {
    server.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) =>
      this.limits.check(request, response, next, trusted),
    );
    server.engine.on('connection', (connection: EngineConnection) => {
      limitClosingTime(connection);
      this.slowSockets.limit(connection, MAX_UNSENT_BYTES);
      this.#guardUntilAuthenticated(connection, trusted);
      this.#guardProbes(connection);
    });
    server.on('connection', (socket) => {
      this.#liftLimits.get(socket.conn)?.();
      // A connection without a socket would not count towards any limit of its user.
      socket.once('disconnect', () => socket.conn.close());
    });
  }

  #guardUntilAuthenticated(connection: EngineConnection, trusted: TrustProxy): void {
    let packets = 0;
    let connects = 0;
    let state: 'unauthenticated' | 'authenticated' | 'rejected' = 'unauthenticated';
    const release = this.limits.track(connection.request, trusted, () => {
      state = 'rejected';
      closeImmediately(connection);
    });
    connection.on('packet', ({ type, data }: EnginePacket) => {
      packets += 1;
      const isConnect = type === 'message' && typeof data === 'string' && data.startsWith(CONNECT);
      if (isConnect) connects += 1;
      const isExpected =
        state === 'unauthenticated'
          ? (isConnect || type !== 'message') && packets <= MAX_PACKETS
          : !isConnect;
      if (isExpected && connects <= 1) return;
      state = 'rejected';
      this.#closeForProtocolError(connection);
    });
    const onPacketCreate = ({ type, data }: EnginePacket): void => {
      const isRejection =
        type === 'message' && typeof data === 'string' && data.startsWith(CONNECT_ERROR);
      if (!isRejection || state !== 'unauthenticated') return;
      state = 'rejected';
      this.refusals.count('connect_refused');
      // In the next tick: this event precedes the write of the rejection.
      process.nextTick(() => closeAfterRejection(connection));
    };
    connection.on('packetCreate', onPacketCreate);
    connection.once('close', (reason: string) => {
      if (state === 'authenticated') return;
      // Socket.IO closes a connection without a CONNECT, and one whose CONNECT it cannot parse.
      if (state === 'unauthenticated' && reason === 'forced close') {
        this.refusals.count(connects === 0 ? 'connect_timeout' : 'protocol');
      }
      onWebSocketClosed(connection, release);
    });
    this.#liftLimits.set(connection, () => {
      state = 'authenticated';
      connection.off('packetCreate', onPacketCreate);
      release();
    });
  }

  /** Limits upgrade probes: each gets a response, over a connection that has no other limit. */
  #guardProbes(connection: EngineConnection): void {
    let probes = 0;
    connection.on('upgrading', (transport: EngineConnection['transport']) => {
      probes += 1;
      if (probes !== MAX_PROBES + 1) return;
      terminateWebSocket(transport);
      // Engine.IO starts the upgrade timer after this event; only a close after that stops it.
      process.nextTick(() => this.#closeForProtocolError(connection));
    });
  }

  #closeForProtocolError(connection: EngineConnection): void {
    this.refusals.count('protocol');
    closeImmediately(connection);
  }
}

/**
 * Closes a connection once its client has received the rejection, or after a timeout if the client
 * does not fetch it.
 */
function closeAfterRejection(connection: EngineConnection): void {
  connection.close();
  if (connection.readyState === 'closed') return;
  const timeout = setTimeout(() => closeImmediately(connection), CLOSE_TIMEOUT_MS).unref();
  connection.once('close', () => clearTimeout(timeout));
}
