import { setImmediate as nextTurn } from 'node:timers/promises';
import { CLIENT_EVENTS } from '@chat/contracts';
import { Failure, RateLimitedError, toSocketError } from '@chat/platform/failures';
import { RateLimiter } from '@chat/platform/limits';
import { Injectable } from '@nestjs/common';
import { sendError } from './acknowledgements.ts';
import type { ChatSocket } from '../chat-socket.ts';
import { ConnectionRefusals } from '../connections/connection-refusals.ts';
import { closeImmediately } from '../connections/engine-connection.ts';
import { Draining } from '../connections/draining.ts';
import { RealtimeMetrics } from '../realtime-metrics.ts';
import { RealtimeSettings } from '../realtime-settings.ts';

/** Maximum events of one socket that wait for the rate limiter beyond an allowed burst. */
const MAX_WAITING_EVENTS = 1_000;
/** Maximum received characters of waiting events: more than a burst of the longest messages. */
const MAX_WAITING_LENGTH = 2 * 1024 * 1024;

interface WaitingEvent {
  readonly name: string;
  /** Characters that the connection had received when the event arrived. */
  readonly received: number;
  /** The last argument of the event, which may be a callback. */
  readonly acknowledge: unknown;
  readonly admit: () => void;
  /** Called when the event does not wait any more. */
  readonly leaving: (() => void)[];
}

/** Admits known events in the order of their arrival, within the rate limit of the user. */
@Injectable()
export class EventAdmission {
  readonly #maxWaiting: number;
  readonly #waiting = new WeakMap<ChatSocket, WaitingEvent[]>();

  constructor(
    private readonly settings: RealtimeSettings,
    private readonly limiter: RateLimiter,
    private readonly draining: Draining,
    private readonly metrics: RealtimeMetrics,
    private readonly refusals: ConnectionRefusals,
  ) {
    this.#maxWaiting = settings.eventLimit.burst + MAX_WAITING_EVENTS;
  }

  /** Limits the events of a socket; closes it when too many of its events wait for admission. */
  guard(socket: ChatSocket): void {
    const waiting: WaitingEvent[] = [];
    this.#waiting.set(socket, waiting);
    let received = 0;
    let closed = false;
    socket.conn.on('data', (data: string | Buffer) => (received += data.length));
    socket.use(([name, ...args], next) => {
      if (closed) return;
      const waitingLength = received - (waiting[0]?.received ?? received);
      if (waiting.length >= this.#maxWaiting || waitingLength > MAX_WAITING_LENGTH) {
        closed = true;
        this.refusals.count('events_waiting', { socketId: socket.id });
        closeImmediately(socket.conn);
        return;
      }
      waiting.push({ name, received, acknowledge: args.at(-1), admit: () => next(), leaving: [] });
      if (waiting.length === 1) void this.#admitAll(socket, waiting);
    });
  }

  /**
   * Resolves once the handlers of all events that the socket has sent so far have started, or the
   * socket is disconnected.
   */
  async whenHandled(socket: ChatSocket): Promise<void> {
    const last = this.#waiting.get(socket)?.at(-1);
    if (last) await new Promise<void>((resolve) => last.leaving.push(resolve));
    // Socket.IO calls the handler of an admitted event later in the same turn.
    await nextTurn();
  }

  async #admitAll(socket: ChatSocket, waiting: WaitingEvent[]): Promise<void> {
    for (let event = waiting[0]; event && socket.connected; event = waiting[0]) {
      try {
        await this.#check(socket, event.name);
        event.admit();
      } catch (error) {
        this.#reject(socket, event, error);
      }
      leave(waiting.splice(0, 1));
    }
    // The client is disconnected, so the remaining events need no response.
    leave(waiting.splice(0));
  }

  #reject(socket: ChatSocket, { name, acknowledge }: WaitingEvent, error: unknown): void {
    const socketError = toSocketError(error);
    this.metrics.countError(socketError.code);
    sendError(socket, name, acknowledge, socketError);
  }

  async #check(socket: ChatSocket, event: string): Promise<void> {
    const { userId } = socket.data.identity;
    const waitMs = await this.limiter.take(`event:${userId}`, this.settings.eventLimit);
    if (waitMs > 0) {
      throw new RateLimitedError('You are sending too many requests. Please slow down.', waitMs);
    }
    if (!Object.hasOwn(CLIENT_EVENTS, event)) {
      throw new Failure('VALIDATION', 'Unknown event.');
    }
    this.draining.rejectIfDraining();
  }
}

function leave(events: readonly WaitingEvent[]): void {
  for (const { leaving } of events) for (const resolve of leaving) resolve();
}
