import { authenticateHandshake, Authenticator, HandshakeError } from '@chat/auth';
import { RateLimitedError } from '@chat/platform/failures';
import type { TrustProxy } from '@chat/platform/http';
import { Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WebSocketGateway, type OnGatewayConnection, type OnGatewayInit } from '@nestjs/websockets';
import type { ChatServer, ChatSocket } from '../chat-socket.ts';
import { EventAdmission } from '../events/event-admission.ts';
import { RealtimeSettings } from '../realtime-settings.ts';
import { ConnectedSockets } from './connected-sockets.ts';
import { Draining } from './draining.ts';
import { MAX_UNSENT_BYTES, SlowSockets } from './slow-sockets.ts';
import { UnauthenticatedConnections } from './unauthenticated-connections.ts';

/**
 * Authenticates and limits socket connections. What a feature does when a socket connects or
 * disconnects is in `handleConnection` and `handleDisconnect` of its own gateway.
 */
@WebSocketGateway()
export class ConnectionGateway
  implements OnGatewayInit<ChatServer>, OnGatewayConnection<ChatSocket>
{
  readonly #logger = new Logger(ConnectionGateway.name);

  constructor(
    private readonly settings: RealtimeSettings,
    private readonly http: HttpAdapterHost,
    private readonly authenticator: Authenticator,
    private readonly connections: UnauthenticatedConnections,
    private readonly admission: EventAdmission,
    private readonly slowSockets: SlowSockets,
    private readonly sockets: ConnectedSockets,
    private readonly draining: Draining,
  ) {}

  afterInit(server: ChatServer): void {
    this.sockets.attach(server);
    this.connections.guard(server, this.#trustProxy());
    server.use((_socket, next) => next(this.#failureOf(() => this.draining.rejectIfDraining())));
    server.use(authenticateHandshake(this.authenticator));
    server.use((socket, next) => next(this.#failureOf(() => this.#limitSockets(socket))));
    // Done in the last step of the handshake, because `handleConnection` would be too late: Nest
    // calls the gateways' `handleConnection` in module order, and an earlier gateway may already
    // emit to the socket or handle its events.
    server.use((socket, next) => {
      this.admission.guard(socket);
      this.slowSockets.limit(socket.conn, MAX_UNSENT_BYTES);
      next();
    });
  }

  async handleConnection(socket: ChatSocket): Promise<void> {
    await this.sockets.register(socket);
    const { userId } = socket.data.identity;
    this.#logger.debug({ socketId: socket.id, userId }, 'socket connected');
  }

  /** Returns the rule by which Express determines the client address of a request. */
  #trustProxy(): TrustProxy {
    const express: ReturnType<NestExpressApplication['getHttpAdapter']> = this.http.httpAdapter;
    return express.getInstance().get('trust proxy fn') as TrustProxy;
  }

  /** Runs `check` and returns its failure as the reason for rejecting a handshake. */
  #failureOf(check: () => void): Error | undefined {
    try {
      check();
      return undefined;
    } catch (error) {
      return new HandshakeError(error);
    }
  }

  #limitSockets({ data }: ChatSocket): void {
    if (this.sockets.ofUser(data.identity.userId).length >= this.settings.maxSocketsPerUser) {
      throw new RateLimitedError('You have too many open connections. Please close one.', 10_000);
    }
  }
}
