import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TrustProxy } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import type { ChatServer } from '../chat-socket.ts';
import { SlowSockets } from '../slow-sockets.ts';
import { ConnectionRefusals } from './connection-refusals.ts';
import {
  boundClosing,
  CLOSE_TIMEOUT_MS,
  cutOff,
  onceReleased,
  terminate,
  type EngineConnection,
  type EnginePacket,
} from './engine-connection.ts';
import { HandshakeLimits } from './handshake-limits.ts';

/** Bytes that may wait for a client that has not authenticated: much more than the handshake and a refusal. */
const MAX_UNSENT_BYTES = 16 * 1024;
/** Packets of a client that has not authenticated: its CONNECT, and pongs. */
const MAX_PACKETS = 8;
/** Probes of upgrades, each of which is answered; a client sends one. */
const MAX_PROBES = 5;

/** As Socket.IO writes the types of its packets. */
const CONNECT = '0';
const CONNECT_ERROR = '4';

/**
 * Bounds what a client can do before it has authenticated. It may send one
 * CONNECT; a refused one ends the connection.
 */
@Injectable()
export class UnauthenticatedConnections {
  /** What ends the bounds of a connection, once it has authenticated. */
  readonly #admit = new WeakMap<EngineConnection, () => void>();

  constructor(
    private readonly limits: HandshakeLimits,
    private readonly refusals: ConnectionRefusals,
    private readonly slowSockets: SlowSockets,
  ) {}

  /** To be called once, before any client connects. */
  guard(server: ChatServer, trusted: TrustProxy): void {
    server.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) =>
      this.limits.check(request, response, next, trusted),
    );
    server.engine.on('connection', (connection: EngineConnection) => {
      boundClosing(connection);
      this.slowSockets.bound(connection, MAX_UNSENT_BYTES);
      this.#guardUntilAdmitted(connection, trusted);
      this.#guardProbes(connection);
    });
    server.on('connection', (socket) => {
      this.#admit.get(socket.conn)?.();
      // A connection without a socket is counted by no limit of its user.
      socket.once('disconnect', () => socket.conn.close());
    });
  }

  #guardUntilAdmitted(connection: EngineConnection, trusted: TrustProxy): void {
    let packets = 0;
    let connects = 0;
    let state: 'unauthenticated' | 'authenticated' | 'refused' = 'unauthenticated';
    const release = this.limits.enter(connection.request, trusted, () => {
      state = 'refused';
      cutOff(connection);
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
      state = 'refused';
      this.#cutOff(connection);
    });
    const refuse = ({ type, data }: EnginePacket): void => {
      const isRefusal =
        type === 'message' && typeof data === 'string' && data.startsWith(CONNECT_ERROR);
      if (!isRefusal || state !== 'unauthenticated') return;
      state = 'refused';
      this.refusals.count('connect_refused');
      // Once it is written: this is called before.
      process.nextTick(() => closeAfterRefusal(connection));
    };
    connection.on('packetCreate', refuse);
    connection.once('close', (reason: string) => {
      if (state === 'authenticated') return;
      // Socket.IO closes a connection that never asks, and one whose CONNECT it cannot read.
      if (state === 'unauthenticated' && reason === 'forced close') {
        this.refusals.count(connects === 0 ? 'connect_timeout' : 'protocol');
      }
      onceReleased(connection, release);
    });
    this.#admit.set(connection, () => {
      state = 'authenticated';
      connection.off('packetCreate', refuse);
      release();
    });
  }

  /** Every probe of an upgrade is answered, over a connection that nothing else bounds. */
  #guardProbes(connection: EngineConnection): void {
    let probes = 0;
    connection.on('upgrading', (transport: EngineConnection['transport']) => {
      probes += 1;
      if (probes !== MAX_PROBES + 1) return;
      terminate(transport);
      // Engine.IO starts a timer of the upgrade after this event; only a close after that stops it.
      process.nextTick(() => this.#cutOff(connection));
    });
  }

  #cutOff(connection: EngineConnection): void {
    this.refusals.count('protocol');
    cutOff(connection);
  }
}

/** Closes a connection once its client has the refusal; one that does not fetch it is not waited for. */
function closeAfterRefusal(connection: EngineConnection): void {
  connection.close();
  if (connection.readyState === 'closed') return;
  const late = setTimeout(() => cutOff(connection), CLOSE_TIMEOUT_MS).unref();
  connection.once('close', () => clearTimeout(late));
}
