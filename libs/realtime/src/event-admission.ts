import { CLIENT_EVENTS } from '@chat/contracts';
import { Failure, RateLimitedError, RateLimiter, toSocketError } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { answerError } from './acknowledgements.ts';
import type { ChatSocket } from './chat-socket.ts';
import { Draining } from './draining.ts';
import { RealtimeMetrics } from './realtime-metrics.ts';
import { RealtimeSettings } from './realtime-settings.ts';

/** Lets known events through, in the order in which they came, at the rate that a user may cause work. */
@Injectable()
export class EventAdmission {
  constructor(
    private readonly settings: RealtimeSettings,
    private readonly limiter: RateLimiter,
    private readonly draining: Draining,
    private readonly metrics: RealtimeMetrics,
  ) {}

  guard(socket: ChatSocket): void {
    let turn = Promise.resolve();
    socket.use(([event, ...args], next) => {
      turn = turn
        .then(() => this.#admit(socket, event))
        .then(
          () => next(),
          (error: unknown) => this.#refuse(socket, event, args.at(-1), error),
        );
    });
  }

  #refuse(socket: ChatSocket, event: string, acknowledge: unknown, error: unknown): void {
    const answered = toSocketError(error);
    this.metrics.answeredWithError(answered.code);
    answerError(socket, event, acknowledge, answered);
  }

  async #admit(socket: ChatSocket, event: string): Promise<void> {
    const { userId } = socket.data.identity;
    const waitMs = await this.limiter.take(`event:${userId}`, this.settings.eventLimit);
    if (waitMs > 0) throw new RateLimitedError('You are doing too much at once.', waitMs);
    if (!Object.hasOwn(CLIENT_EVENTS, event)) {
      throw new Failure('VALIDATION', 'There is no such event.');
    }
    this.draining.refuseNew();
  }
}
