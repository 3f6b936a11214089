import { randomBytes } from 'node:crypto';
import { MAX_PACKET_BYTES } from '@chat/contracts';
import { INSTANCE_ID } from '@chat/platform';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { BoundedWebSocketServer } from './connections/bounded-web-socket-server.ts';

export interface SocketIoOptions {
  readonly cors: ServerOptions['cors'];
  /** When a silent client is disconnected; clients receive both values and apply them alike. */
  readonly heartbeat: {
    readonly SOCKET_PING_INTERVAL_MS: number;
    readonly SOCKET_PING_TIMEOUT_MS: number;
  };
}

/** Creates the Socket.IO server with the options of the contract. */
export class SocketIoAdapter extends IoAdapter {
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
}

/** Creates a session id that names this instance, by which the gateway routes its requests. */
function sessionId(): string {
  return `${INSTANCE_ID}.${randomBytes(15).toString('base64url')}`;
}
