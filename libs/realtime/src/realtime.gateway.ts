import {
  JoinRoomPayload,
  LeaveRoomPayload,
  RenewSessionPayload,
  SendMessagePayload,
  type Ack,
  type JoinRoomResult,
  type RenewSessionResult,
  type SendMessageResult,
} from '@chat/contracts';
import { authenticateHandshake, Authenticator, HandshakeError } from '@chat/auth';
import { RateLimitedError, type TrustProxy } from '@chat/platform';
import { Logger, UseFilters, UseInterceptors } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  Ack as Acknowledge,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayInit,
} from '@nestjs/websockets';
import type { z } from 'zod';
import { AcknowledgeInterceptor, SocketErrorFilter } from './acknowledgements.ts';
import type { ChatServer, ChatSocket } from './chat-socket.ts';
import { UnauthenticatedConnections } from './connections/unauthenticated-connections.ts';
import { Draining } from './draining.ts';
import { EventAdmission } from './event-admission.ts';
import { ConnectedSockets } from './connected-sockets.ts';
import { PayloadPipe } from './payload.pipe.ts';
import { RealtimeMetrics } from './realtime-metrics.ts';
import { RealtimeSettings } from './realtime-settings.ts';
import { JoinRoom } from './rooms/join-room.ts';
import { SendMessage } from './sends/send-message.ts';
import { SocketSends } from './sends/socket-sends.ts';
import { SocketSessions } from './sessions/socket-sessions.ts';
import { MAX_UNSENT_BYTES, SlowSockets } from './slow-sockets.ts';

/** Authorizes socket connections and routes the client events of the contract to their handlers. */
@WebSocketGateway()
@UseFilters(SocketErrorFilter)
export class RealtimeGateway implements OnGatewayInit<ChatServer>, OnGatewayConnection<ChatSocket> {
  readonly #logger = new Logger(RealtimeGateway.name);

  constructor(
    private readonly settings: RealtimeSettings,
    private readonly http: HttpAdapterHost,
    private readonly authenticator: Authenticator,
    private readonly connections: UnauthenticatedConnections,
    private readonly admission: EventAdmission,
    private readonly slowSockets: SlowSockets,
    private readonly sockets: ConnectedSockets,
    private readonly sessions: SocketSessions,
    private readonly joins: JoinRoom,
    private readonly sends: SocketSends,
    private readonly sendMessages: SendMessage,
    private readonly draining: Draining,
    private readonly metrics: RealtimeMetrics,
  ) {}

  afterInit(server: ChatServer): void {
    this.sockets.attach(server);
    this.connections.guard(server, this.#trustProxy());
    server.use((_socket, next) => next(this.#failureOf(() => this.draining.rejectIfDraining())));
    server.use(authenticateHandshake(this.authenticator));
    server.use((socket, next) => next(this.#failureOf(() => this.#limitSockets(socket))));
  }

  async handleConnection(socket: ChatSocket): Promise<void> {
    const { userId } = socket.data.identity;
    socket.once('disconnecting', () => {
      this.sessions.unwatch(socket);
      this.joins.leaveAll(socket);
    });
    this.admission.guard(socket);
    this.slowSockets.limit(socket.conn, MAX_UNSENT_BYTES);
    this.sessions.watch(socket);
    await this.sockets.register(socket);
    this.#logger.debug({ socketId: socket.id, userId }, 'socket connected');
  }

  @SubscribeMessage('joinRoom')
  joinRoom(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody(new PayloadPipe(JoinRoomPayload)) payload: z.output<typeof JoinRoomPayload>,
    @Acknowledge() acknowledge: ((answer: Ack<JoinRoomResult>) => void) | undefined,
  ): Promise<void> {
    const joined = this.joins.join(socket, payload, (result) => {
      acknowledge?.({ ok: true, ...result });
    });
    return this.sends.trackJoin(socket, payload.roomId, joined);
  }

  /** Acknowledges directly, like `joinRoom`: an interceptor would let a later join overtake it. */
  @SubscribeMessage('leaveRoom')
  leaveRoom(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody(new PayloadPipe(LeaveRoomPayload)) { roomId }: z.output<typeof LeaveRoomPayload>,
    @Acknowledge() acknowledge: ((answer: Ack<object>) => void) | undefined,
  ): void {
    this.joins.leave(socket, roomId);
    acknowledge?.({ ok: true });
  }

  @SubscribeMessage('sendMessage')
  @UseInterceptors(AcknowledgeInterceptor)
  sendMessage(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody(new PayloadPipe(SendMessagePayload)) payload: SendMessagePayload,
  ): Promise<SendMessageResult> {
    return this.metrics.measureSend(
      this.sends.run(socket, payload.roomId, (order, joined) =>
        this.sendMessages.send(socket.data.identity, payload, order, joined),
      ),
    );
  }

  @SubscribeMessage('renewSession')
  @UseInterceptors(AcknowledgeInterceptor)
  renewSession(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody(new PayloadPipe(RenewSessionPayload)) { token }: RenewSessionPayload,
  ): Promise<RenewSessionResult> {
    return this.sessions.renew(socket, token);
  }

  /** Returns the rule by which Express determines the client address of a request. */
  #trustProxy(): TrustProxy {
    const express: ReturnType<NestExpressApplication['getHttpAdapter']> = this.http.httpAdapter;
    return express.getInstance().get('trust proxy fn') as TrustProxy;
  }

  /** Runs `check` and returns its failure as the reason for refusing a handshake. */
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
