import { Signals, type Signal } from '@chat/platform';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { MembershipChanges } from './rooms/membership-changes.ts';
import { LiveSockets } from './live-sockets.ts';
import { SocketSessions } from './sessions/socket-sessions.ts';

/**
 * How often the truth is asked for, in case a signal was lost: sooner than kept
 * answers are old (10 s), so that sends find fresh ones.
 */
const RECHECK_MS = 8_000;

/** Brings signals of other features, wherever they come from, to the sockets. */
@Injectable()
export class SignalListener implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(SignalListener.name);
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #rechecking = false;
  /** Whether the last recheck failed, which is told once. */
  #blind = false;

  constructor(
    private readonly signals: Signals,
    private readonly memberships: MembershipChanges,
    private readonly sessions: SocketSessions,
    private readonly sockets: LiveSockets,
  ) {}

  onModuleInit(): void {
    this.#unsubscribe = this.signals.subscribe((signal) => this.#hear(signal));
    this.#timer = setInterval(() => void this.#recheck(), RECHECK_MS).unref();
  }

  /** Not before all sockets are drained: until then they must not hear what they no longer may. */
  onApplicationShutdown(): void {
    this.#unsubscribe?.();
    clearInterval(this.#timer);
  }

  #hear(signal: Signal): void {
    switch (signal.type) {
      case 'session-ended':
        return this.sessions.endSession(signal.sessionId);
      case 'member-changed':
        return this.memberships.apply(signal.room, signal.userId, signal.role);
      case 'room-deleted':
        return this.memberships.applyDeletion(signal.roomId, signal.userIds);
      case 'room-updated':
        return this.sockets.emitToRoom(signal.room.id, 'roomUpdated', signal.room);
    }
  }

  async #recheck(): Promise<void> {
    if (this.#rechecking) return;
    this.#rechecking = true;
    const outcomes = await Promise.allSettled([
      this.sessions.recheck(),
      this.memberships.recheck(),
    ]);
    this.#rechecking = false;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed && !this.#blind) {
      this.#logger.warn(
        { err: failed.reason as unknown },
        'sockets cannot be rechecked: what is known stands',
      );
    }
    if (!failed && this.#blind) this.#logger.log('sockets are rechecked again');
    this.#blind = failed !== undefined;
  }
}
