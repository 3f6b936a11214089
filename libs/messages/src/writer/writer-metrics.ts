import { Metrics } from '@chat/platform/monitoring';
import { isUpdate, type LogEntry } from '../log/log-entry.ts';
import { Injectable } from '@nestjs/common';

/** Prometheus metrics for the writers in this process. */
@Injectable()
export class WriterMetrics {
  readonly #stored;
  readonly #failures;
  readonly #rejections;
  readonly #batches;
  readonly #lag;

  constructor(metrics: Metrics) {
    this.#stored = metrics.counter({
      name: 'chat_messages_stored_total',
      help: 'Messages stored.',
    });
    this.#failures = metrics.counter({
      name: 'chat_store_failures_total',
      help: 'Failed attempts to store a batch; each is retried.',
    });
    this.#rejections = metrics.counter({
      name: 'chat_store_refusals_total',
      help: 'Messages that the store rejected; each was dead-lettered or its send failed.',
    });
    this.#batches = metrics.histogram({
      name: 'chat_batch_messages',
      help: 'Messages in one commit.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    });
    this.#lag = metrics.histogram({
      name: 'chat_accepted_to_stored_seconds',
      help: 'Time from accepting a message to storing it.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    });
  }

  stored(entries: readonly LogEntry[]): void {
    this.#stored.inc(entries.filter((entry) => !isUpdate(entry)).length);
    this.#batches.observe(entries.length);
    const now = Date.now();
    for (const entry of entries) {
      const acceptedAt = isUpdate(entry) ? entry.at : entry.timestamp;
      // Negative when the clocks of two machines differ.
      this.#lag.observe(Math.max(0, now - Date.parse(acceptedAt)) / 1_000);
    }
  }

  failed(): void {
    this.#failures.inc();
  }

  rejected(): void {
    this.#rejections.inc();
  }
}
