import { CLIENT_EVENTS } from '@chat/contracts';
import { Failure, RateLimitedError, RateLimiter, toSocketError } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { answerError } from './acknowledgements.ts';
import type { ChatSocket } from './chat-socket.ts';
import { ConnectionRefusals } from './connections/connection-refusals.ts';
import { cutOff } from './connections/engine-connection.ts';
import { Draining } from './draining.ts';
import { RealtimeMetrics } from './realtime-metrics.ts';
import { RealtimeSettings } from './realtime-settings.ts';

/** Events of one socket that may wait for the limiter beyond a burst that is allowed. */
const MAX_WAITING_EVENTS = 1_000;
/** What they may come to as they were received, in characters: more than a burst of the longest messages. */
const MAX_WAITING_LENGTH = 2 * 1024 * 1024;

interface WaitingEvent {
  readonly name: string;
  /** Characters that the socket's connection had received when it came. */
  readonly received: number;
  /** What the client gave as last argument. */
  readonly acknowledge: unknown;
  readonly admit: () => void;
}

/** Lets known events through, in the order in which they came, at the rate that a user may cause work. */
@Injectable()
export class EventAdmission {
  readonly #maxWaiting: number;

  constructor(
    private readonly settings: RealtimeSettings,
    private readonly limiter: RateLimiter,
    private readonly draining: Draining,
    private readonly metrics: RealtimeMetrics,
    private readonly refusals: ConnectionRefusals,
  ) {
    this.#maxWaiting = settings.eventLimit.burst + MAX_WAITING_EVENTS;
  }

  /** Closes a socket whose events come so much faster than they are admitted that they pile up. */
  guard(socket: ChatSocket): void {
    const waiting: WaitingEvent[] = [];
    let received = 0;
    let closed = false;
    socket.conn.on('data', (data: string | Buffer) => (received += data.length));
    socket.use(([name, ...args], next) => {
      if (closed) return;
      const waitingLength = received - (waiting[0]?.received ?? received);
      if (waiting.length >= this.#maxWaiting || waitingLength > MAX_WAITING_LENGTH) {
        closed = true;
        this.refusals.count('events_waiting', { socketId: socket.id });
        cutOff(socket.conn);
        return;
      }
      waiting.push({ name, received, acknowledge: args.at(-1), admit: () => next() });
      if (waiting.length === 1) void this.#admitAll(socket, waiting);
    });
  }

  async #admitAll(socket: ChatSocket, waiting: WaitingEvent[]): Promise<void> {
    for (let event = waiting[0]; event && socket.connected; event = waiting[0]) {
      try {
        await this.#check(socket, event.name);
        event.admit();
      } catch (error) {
        this.#refuse(socket, event, error);
      }
      waiting.shift();
    }
    // Nobody is there for the answers to the rest.
    waiting.length = 0;
  }

  #refuse(socket: ChatSocket, { name, acknowledge }: WaitingEvent, error: unknown): void {
    const answered = toSocketError(error);
    this.metrics.answeredWithError(answered.code);
    answerError(socket, name, acknowledge, answered);
  }

  async #check(socket: ChatSocket, event: string): Promise<void> {
    const { userId } = socket.data.identity;
    const waitMs = await this.limiter.take(`event:${userId}`, this.settings.eventLimit);
    if (waitMs > 0) throw new RateLimitedError('You are doing too much at once.', waitMs);
    if (!Object.hasOwn(CLIENT_EVENTS, event)) {
      throw new Failure('VALIDATION', 'There is no such event.');
    }
    this.draining.refuseNew();
  }
}
