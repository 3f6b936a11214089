import { Metrics } from '@chat/platform/monitoring';
import { Injectable } from '@nestjs/common';
import { ConnectedSockets } from './connections/connected-sockets.ts';

/** Upper bounds of the histogram buckets, in seconds. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** Prometheus metrics for the sockets in this process. */
@Injectable()
export class RealtimeMetrics {
  readonly #errors;

  constructor(metrics: Metrics, sockets: ConnectedSockets) {
    metrics.gauge({
      name: 'chat_connections',
      help: 'Connected sockets.',
      collect() {
        this.set(sockets.count);
      },
    });
    this.#errors = metrics.counter({
      name: 'chat_socket_errors_total',
      help: 'Client events that failed with an error, by error code.',
      labelNames: ['code'],
    });
  }

  /** Counts a client event that failed with an error. */
  countError(code: string): void {
    this.#errors.inc({ code });
  }
}
