import { randomBytes } from 'node:crypto';
import { MAX_PACKET_BYTES } from '@chat/contracts';
import { INSTANCE_ID } from '@chat/platform/process';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { MessageMappingProperties } from '@nestjs/websockets';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { BoundedWebSocketServer } from './connections/bounded-web-socket-server.ts';
import { EventDispatcher } from './events/event-dispatcher.ts';

export interface SocketIoOptions {
  readonly cors: ServerOptions['cors'];
  /** When an unresponsive client is disconnected; clients receive and apply the same values. */
  readonly heartbeat: {
    readonly SOCKET_PING_INTERVAL_MS: number;
    readonly SOCKET_PING_TIMEOUT_MS: number;
  };
}

/**
 * Creates the Socket.IO server with the options of the contract, and binds the handlers of all
 * gateways to its sockets.
 */
export class SocketIoAdapter extends IoAdapter {
  readonly #dispatchers = new WeakMap<Socket, EventDispatcher>();
  /** Sockets whose disconnection is reported to the gateways. */
  readonly #watched = new WeakSet<Socket>();

  constructor(
    app: INestApplicationContext,
    private readonly options: SocketIoOptions,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const { cors, heartbeat } = this.options;
    const contract: Partial<ServerOptions> = {
      ...options,
      path: '/socket.io',
      serveClient: false,
      maxHttpBufferSize: MAX_PACKET_BYTES,
      pingInterval: heartbeat.SOCKET_PING_INTERVAL_MS,
      pingTimeout: heartbeat.SOCKET_PING_TIMEOUT_MS,
      connectTimeout: 10_000,
      wsEngine: BoundedWebSocketServer,
      cors,
    };
    const server = super.createIOServer(port, contract as ServerOptions);
    server.engine.generateId = sessionId;
    return server;
  }

  /** Nest calls this for every gateway and socket; all of them share one dispatcher per socket. */
  override bindMessageHandlers(socket: Socket, handlers: MessageMappingProperties[]): void {
    const dispatcher = this.#dispatchers.get(socket) ?? new EventDispatcher(socket);
    this.#dispatchers.set(socket, dispatcher);
    for (const { message, callback } of handlers) dispatcher.add(message as string, callback);
  }

  /** Nest also calls this for every gateway and socket, and passes one call on to all gateways. */
  override bindClientDisconnect(
    ...[socket, callback]: Parameters<IoAdapter['bindClientDisconnect']>
  ): void {
    if (this.#watched.has(socket)) return;
    this.#watched.add(socket);
    super.bindClientDisconnect(socket, callback);
  }
}

/** Creates a session id with the id of this instance, which the gateway uses to route requests. */
function sessionId(): string {
  return `${INSTANCE_ID}.${randomBytes(15).toString('base64url')}`;
}
