import type { Message } from '@chat/contracts';
import { Metrics } from '@chat/platform/monitoring';
import { Injectable } from '@nestjs/common';
import { DURATION_BUCKETS } from '../realtime-metrics.ts';

/** Prometheus metrics for the messages that are delivered to the sockets of rooms. */
@Injectable()
export class DeliveryMetrics {
  readonly #delivery;

  constructor(metrics: Metrics) {
    this.#delivery = metrics.histogram({
      name: 'chat_accepted_to_shown_seconds',
      help: 'Time from accepting a message to writing it to every socket of its room.',
      buckets: DURATION_BUCKETS,
    });
  }

  /** Records the time until a message was written to every socket of its room. */
  observeDelivery({ timestamp }: Message): void {
    // The clocks of two machines may differ, which can make the difference negative.
    this.#delivery.observe(Math.max(0, Date.now() - Date.parse(timestamp)) / 1_000);
  }
}
