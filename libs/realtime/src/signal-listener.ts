import { Signals, type Signal } from '@chat/platform';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { MembershipChanges } from './rooms/membership-changes.ts';
import { ConnectedSockets } from './connected-sockets.ts';
import { SocketSessions } from './sessions/socket-sessions.ts';

/**
 * Interval at which sessions and memberships are rechecked in case a signal was lost: shorter
 * than the lifetime of cached answers (10 s), so that sends find fresh answers.
 */
const RECHECK_INTERVAL_MS = 8_000;

/** Applies the signals of other features and processes to the sockets. */
@Injectable()
export class SignalListener implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(SignalListener.name);
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #rechecking = false;
  /** Whether the last recheck failed; a failure is logged once, until a recheck succeeds. */
  #failing = false;

  constructor(
    private readonly signals: Signals,
    private readonly memberships: MembershipChanges,
    private readonly sessions: SocketSessions,
    private readonly sockets: ConnectedSockets,
  ) {}

  onModuleInit(): void {
    this.#unsubscribe = this.signals.subscribe((signal) => this.#handle(signal));
    this.#timer = setInterval(() => void this.#recheck(), RECHECK_INTERVAL_MS).unref();
  }

  /**
   * Unsubscribes only after all sockets are drained: until then a removed member must not receive
   * the room any more.
   */
  onApplicationShutdown(): void {
    this.#unsubscribe?.();
    clearInterval(this.#timer);
  }

  #handle(signal: Signal): void {
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
    if (failed && !this.#failing) {
      this.#logger.warn(
        { err: failed.reason as unknown },
        'recheck of sockets failed; using cached answers',
      );
    }
    if (!failed && this.#failing) this.#logger.log('recheck of sockets succeeded again');
    this.#failing = failed !== undefined;
  }
}
