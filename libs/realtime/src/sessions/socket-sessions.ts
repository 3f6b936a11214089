import type { RenewSessionResult } from '@chat/contracts';
import { Authenticator, SessionStatus } from '@chat/auth';
import { UnauthorizedError } from '@chat/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { LiveSockets } from '../live-sockets.ts';

/** The longest that setTimeout can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ends sockets with the session or token that they came with, unless it is renewed. */
@Injectable()
export class SocketSessions {
  readonly #logger = new Logger(SocketSessions.name);
  readonly #timers = new WeakMap<ChatSocket, NodeJS.Timeout>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly status: SessionStatus,
    private readonly sockets: LiveSockets,
  ) {}

  /** Ends the socket when its access token expires. */
  watch(socket: ChatSocket): void {
    this.unwatch(socket);
    // By the wall clock, like every other service: the token states the time at which it expires.
    const wait = Math.min(MAX_TIMER_MS, socket.data.identity.expiresAt - Date.now());
    const timer = setTimeout(() => {
      this.#end(socket, 'its token expired');
    }, wait);
    this.#timers.set(socket, timer.unref());
  }

  unwatch(socket: ChatSocket): void {
    clearTimeout(this.#timers.get(socket));
  }

  /**
   * Keeps the socket until the new token expires.
   *
   * @throws UnauthorizedError for a token that is not valid, or is another user's
   */
  async renew(socket: ChatSocket, token: string): Promise<RenewSessionResult> {
    const identity = await this.authenticator.authenticate(token);
    const before = socket.data.identity;
    if (identity.userId !== before.userId) {
      throw new UnauthorizedError('The token belongs to somebody else.');
    }
    socket.data.identity = identity;
    if (identity.sessionId !== before.sessionId) {
      await this.sockets.moveSession(socket, before.sessionId, identity.sessionId);
    }
    this.watch(socket);
    return { expiresIn: Math.max(1, Math.floor((identity.expiresAt - Date.now()) / 1_000)) };
  }

  /** Ends every socket of the session. */
  endSession(sessionId: string): void {
    for (const socket of this.sockets.ofSession(sessionId)) this.#end(socket, 'its session ended');
  }

  /** Ends sockets whose session ended without this instance being told. */
  async recheck(): Promise<void> {
    const sessions = new Set(this.sockets.all().map(({ data }) => data.identity.sessionId));
    const active = await this.status.recheck([...sessions]);
    for (const sessionId of sessions) {
      if (!active.has(sessionId)) this.endSession(sessionId);
    }
  }

  #end(socket: ChatSocket, reason: string): void {
    this.#logger.log(`a socket was closed: ${reason}`);
    socket.emit('sessionExpired', {});
    socket.disconnect(true);
  }
}
