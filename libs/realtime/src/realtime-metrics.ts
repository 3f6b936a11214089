import type { Message } from '@chat/contracts';
import { Metrics } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { ConnectedSockets } from './connected-sockets.ts';

/** Upper bounds of the histogram buckets, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** Prometheus metrics of the sockets of this process. */
@Injectable()
export class RealtimeMetrics {
  readonly #sends;
  readonly #acknowledged;
  readonly #shown;
  readonly #errors;

  constructor(metrics: Metrics, sockets: ConnectedSockets) {
    metrics.gauge({
      name: 'chat_connections',
      help: 'Connected sockets.',
      collect() {
        this.set(sockets.count);
      },
    });
    this.#sends = metrics.counter({
      name: 'chat_sends_total',
      help: 'Messages sent by clients, by outcome: acknowledged or refused.',
      labelNames: ['outcome'],
    });
    this.#acknowledged = metrics.histogram({
      name: 'chat_send_to_acknowledged_seconds',
      help: 'Time from receiving a send to acknowledging it.',
      buckets: BUCKETS,
    });
    this.#shown = metrics.histogram({
      name: 'chat_accepted_to_shown_seconds',
      help: 'Time from accepting a message to writing it to every socket of its room.',
      buckets: BUCKETS,
    });
    this.#errors = metrics.counter({
      name: 'chat_socket_errors_total',
      help: 'Client events answered with an error, by error code.',
      labelNames: ['code'],
    });
  }

  /** Counts a send by its outcome, and records its duration if it is acknowledged. */
  async measureSend<T>(sending: Promise<T>): Promise<T> {
    const begin = performance.now();
    try {
      const result = await sending;
      this.#sends.inc({ outcome: 'acknowledged' });
      this.#acknowledged.observe((performance.now() - begin) / 1_000);
      return result;
    } catch (error) {
      this.#sends.inc({ outcome: 'refused' });
      throw error;
    }
  }

  /** Records the time until a message was written to every socket of its room. */
  observeShown({ timestamp }: Message): void {
    // The clocks of two machines may differ, which can make the difference negative.
    this.#shown.observe(Math.max(0, Date.now() - Date.parse(timestamp)) / 1_000);
  }

  /** Counts a client event that was answered with an error. */
  countError(code: string): void {
    this.#errors.inc({ code });
  }
}
