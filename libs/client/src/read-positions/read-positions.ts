import { Backoff, pause } from '../backoff.ts';
import { TRANSIENT_CODES, type ChatError } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { onOnlineChange } from '../connection/online-changes.ts';
import { Emitter, type Unsubscribe } from '../emitter.ts';
import type { Session } from '../session/session.ts';
import { onUserChange } from '../session/user-changes.ts';

/** Shortest time between two `markRead` events of one room. */
const INTERVAL_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 10_000;

/** The position up to which the user has read a room. */
export interface ReadPosition {
  readonly roomId: string;
  /** Seq of the last message that was read. */
  readonly lastReadSeq: number;
}

interface ReadPositionEvents {
  /** A position has moved, forward or back, on this device or another one. */
  moved: ReadPosition;
}

/**
 * Sends what the user has read, at most once per second and room. While offline, the last position
 * of each room is kept and sent after the reconnect; it is lost when the client is closed.
 */
export class ReadPositions {
  readonly #connection: Connection;
  readonly #events = new Emitter<ReadPositionEvents>();
  readonly #stopListening: Unsubscribe[];
  /** The position of each room that the server has not acknowledged. */
  readonly #unacknowledged = new Map<string, number>();
  readonly #sending = new Set<string>();
  #ending = new AbortController();

  constructor(session: Session, connection: Connection) {
    this.#connection = connection;
    this.#stopListening = [
      onUserChange(session, () => this.#reset()),
      onOnlineChange(connection, (online) => {
        if (!online) return;
        for (const roomId of this.#unacknowledged.keys()) void this.#send(roomId);
      }),
      connection.on('readPosition', ({ roomId, lastReadSeq }) => {
        const own = this.#unacknowledged.get(roomId) ?? 0;
        this.#events.emit('moved', { roomId, lastReadSeq: Math.max(own, lastReadSeq) });
      }),
    ];
  }

  on<E extends keyof ReadPositionEvents>(
    event: E,
    listener: (payload: ReadPositionEvents[E]) => void,
  ): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** Returns the position of a room that the server has not acknowledged, if any. */
  unacknowledged(roomId: string): number | undefined {
    return this.#unacknowledged.get(roomId);
  }

  /** Marks the messages of a room as read up to `seq`; a position only moves forward. */
  markRead(roomId: string, seq: number): void {
    const known = this.#unacknowledged.get(roomId);
    if (known !== undefined && known >= seq) return;
    this.#unacknowledged.set(roomId, seq);
    this.#events.emit('moved', { roomId, lastReadSeq: seq });
    void this.#send(roomId);
  }

  /**
   * Marks the messages after `seq` as unread, on all devices of the user.
   * @throws ChatError
   */
  async markUnread(roomId: string, seq: number): Promise<void> {
    this.#unacknowledged.delete(roomId);
    const { lastReadSeq } = await this.#connection.emit('markUnread', { roomId, seq });
    this.#events.emit('moved', { roomId, lastReadSeq });
  }

  /** Stops sending and listening. */
  close(): void {
    this.#reset();
    for (const stop of this.#stopListening) stop();
    this.#events.clear();
  }

  #reset(): void {
    this.#unacknowledged.clear();
    this.#sending.clear();
    this.#ending.abort();
    this.#ending = new AbortController();
  }

  async #send(roomId: string): Promise<void> {
    if (this.#sending.has(roomId)) return;
    this.#sending.add(roomId);
    const { signal } = this.#ending;
    const ended = (): boolean => signal.aborted;
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    for (;;) {
      const seq = this.#unacknowledged.get(roomId);
      if (seq === undefined || !this.#connection.online || ended()) break;
      let waitMs = INTERVAL_MS;
      try {
        const { lastReadSeq } = await this.#connection.emit('markRead', { roomId, seq });
        backoff.reset();
        if (!ended() && this.#unacknowledged.get(roomId) === seq) {
          this.#unacknowledged.delete(roomId);
          this.#events.emit('moved', { roomId, lastReadSeq });
        }
      } catch (error) {
        const { code, retryAfterMs } = error as ChatError;
        if (TRANSIENT_CODES.has(code)) waitMs = backoff.next(retryAfterMs);
        else if (!ended()) this.#unacknowledged.delete(roomId);
      }
      await pause(waitMs, signal);
    }
    if (!ended()) this.#sending.delete(roomId);
  }
}
