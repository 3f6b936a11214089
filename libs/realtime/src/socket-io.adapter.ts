import { randomBytes } from 'node:crypto';
import { MAX_PACKET_BYTES } from '@chat/contracts';
import { INSTANCE_ID } from '@chat/platform';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { BoundedWebSocketServer } from './connections/bounded-web-socket-server.ts';

export interface SocketIoOptions {
  readonly cors: ServerOptions['cors'];
  /** When a silent client is given up; clients are told, and give up a silent server alike. */
  readonly heartbeat: {
    readonly SOCKET_PING_INTERVAL_MS: number;
    readonly SOCKET_PING_TIMEOUT_MS: number;
  };
}

/** The Socket.IO server as the contract wants it. */
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

/** Names the instance that the session lives on, so that a gateway finds it again. */
function sessionId(): string {
  return `${INSTANCE_ID}.${randomBytes(15).toString('base64url')}`;
}
