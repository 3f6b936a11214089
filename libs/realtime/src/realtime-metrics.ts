import type { Message } from '@chat/contracts';
import { Metrics } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { LiveSockets } from './live-sockets.ts';

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** What the sockets of this process tell Prometheus. */
@Injectable()
export class RealtimeMetrics {
  readonly #sends;
  readonly #acknowledged;
  readonly #shown;
  readonly #errors;

  constructor(metrics: Metrics, sockets: LiveSockets) {
    metrics.gauge({
      name: 'chat_connections',
      help: 'Sockets that are connected.',
      collect() {
        this.set(sockets.count);
      },
    });
    this.#sends = metrics.counter({
      name: 'chat_sends_total',
      help: 'Messages that clients sent, by what became of them: acknowledged, or refused.',
      labelNames: ['outcome'],
    });
    this.#acknowledged = metrics.histogram({
      name: 'chat_send_to_acknowledged_seconds',
      help: 'Time from when a send came in to when it was acknowledged.',
      buckets: BUCKETS,
    });
    this.#shown = metrics.histogram({
      name: 'chat_accepted_to_shown_seconds',
      help: 'Time from when a message was accepted to when it was written to every socket of its room.',
      buckets: BUCKETS,
    });
    this.#errors = metrics.counter({
      name: 'chat_socket_errors_total',
      help: 'Events that were answered with an error, by its code.',
      labelNames: ['code'],
    });
  }

  /** Counts a send by its outcome, and times it if it is acknowledged. */
  async send<T>(sending: Promise<T>): Promise<T> {
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

  /** A message was written to every socket of its room. */
  shown({ timestamp }: Message): void {
    // The clocks of two machines may differ.
    this.#shown.observe(Math.max(0, Date.now() - Date.parse(timestamp)) / 1_000);
  }

  answeredWithError(code: string): void {
    this.#errors.inc({ code });
  }
}
