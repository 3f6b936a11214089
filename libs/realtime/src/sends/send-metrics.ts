import { Metrics } from '@chat/platform/monitoring';
import { Injectable } from '@nestjs/common';
import { DURATION_BUCKETS } from '../realtime-metrics.ts';

/** Prometheus metrics for the messages that clients send. */
@Injectable()
export class SendMetrics {
  readonly #sends;
  readonly #acknowledged;

  constructor(metrics: Metrics) {
    this.#sends = metrics.counter({
      name: 'chat_sends_total',
      help: 'Messages sent by clients, by outcome: acknowledged or refused.',
      labelNames: ['outcome'],
    });
    this.#acknowledged = metrics.histogram({
      name: 'chat_send_to_acknowledged_seconds',
      help: 'Time from receiving a message to acknowledging it.',
      buckets: DURATION_BUCKETS,
    });
  }

  /** Counts a send by its outcome, and records its duration if it is acknowledged. */
  async measure<T>(sending: Promise<T>): Promise<T> {
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
}
