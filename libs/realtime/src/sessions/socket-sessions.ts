import type { RenewSessionResult } from '@chat/contracts';
import { Authenticator, SESSION_ENDED, SessionStatus } from '@chat/auth';
import { UnauthorizedError } from '@chat/platform/failures';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { ConnectedSockets } from '../connections/connected-sockets.ts';
import { SignalListener } from '../signals/signal-listener.ts';
import { SocketRechecks } from '../signals/socket-rechecks.ts';

/** The longest delay that setTimeout supports. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Closes sockets when their session ends or their access token expires without renewal. */
@Injectable()
export class SocketSessions implements OnModuleInit {
  readonly #logger = new Logger(SocketSessions.name);
  readonly #timers = new WeakMap<ChatSocket, NodeJS.Timeout>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly status: SessionStatus,
    private readonly sockets: ConnectedSockets,
    private readonly signals: SignalListener,
    private readonly rechecks: SocketRechecks,
  ) {}

  onModuleInit(): void {
    this.signals.on(SESSION_ENDED, ({ sessionId }) => this.endSession(sessionId));
    this.rechecks.register(() => this.recheck());
  }

  /** Schedules the socket to be closed when its access token expires. */
  watch(socket: ChatSocket): void {
    this.unwatch(socket);
    // By the wall clock, like every other service: the token contains its expiry time.
    const wait = Math.min(MAX_TIMER_MS, socket.data.identity.expiresAt - Date.now());
    const timer = setTimeout(() => {
      this.#close(socket, 'token expired');
    }, wait);
    this.#timers.set(socket, timer.unref());
  }

  /** Cancels the scheduled close of the socket. */
  unwatch(socket: ChatSocket): void {
    clearTimeout(this.#timers.get(socket));
  }

  /**
   * Replaces the token of the socket, which stays open until the new token expires.
   *
   * @throws UnauthorizedError for an invalid token, or a token for a different user
   */
  async renew(socket: ChatSocket, token: string): Promise<RenewSessionResult> {
    const identity = await this.authenticator.authenticate(token);
    const before = socket.data.identity;
    if (identity.userId !== before.userId) {
      throw new UnauthorizedError('The token belongs to another user.');
    }
    socket.data.identity = identity;
    if (identity.sessionId !== before.sessionId) {
      await this.sockets.moveSession(socket, before.sessionId, identity.sessionId);
    }
    this.watch(socket);
    return { expiresIn: Math.max(1, Math.floor((identity.expiresAt - Date.now()) / 1_000)) };
  }

  /** Closes every socket of the session. */
  endSession(sessionId: string): void {
    for (const socket of this.sockets.ofSession(sessionId)) this.#close(socket, 'session ended');
  }

  /** Closes sockets whose session ended, in case the signal was lost. */
  async recheck(): Promise<void> {
    const sessions = new Set(this.sockets.all().map(({ data }) => data.identity.sessionId));
    const activeIds = await this.status.filterActive([...sessions]);
    for (const sessionId of sessions) {
      if (!activeIds.has(sessionId)) this.endSession(sessionId);
    }
  }

  #close(socket: ChatSocket, reason: string): void {
    this.#logger.log({ socketId: socket.id, reason }, 'socket closed');
    socket.emit('sessionExpired', {});
    socket.disconnect(true);
  }
}
