import { RateLimitedLog } from '@chat/platform/logging';
import { Metrics } from '@chat/platform/monitoring';
import { Injectable, Logger } from '@nestjs/common';

/** Reasons for rejecting or closing a connection; the values of the metric label `reason`. */
const REASONS = [
  /** The address connects too often. */
  'connect_rate',
  /** Too many connections from the address have not authenticated yet. */
  'unauthenticated_of_address',
  /** Too many connections in total have not authenticated yet; its network has the most of them. */
  'unauthenticated',
  /** The client sent no CONNECT in time. */
  'connect_timeout',
  /** The CONNECT was rejected because of its token, its namespace, or a limit of its user. */
  'connect_refused',
  /** The client sent a packet that is not allowed in its state, or too many upgrade probes. */
  'protocol',
  /** The client reads too slowly. */
  'slow',
  /** Events arrive faster than they are admitted. */
  'events_waiting',
] as const;
export type RefusalReason = (typeof REASONS)[number];

/** Counts connections rejected or closed because of their clients; logs them at a bounded rate. */
@Injectable()
export class ConnectionRefusals {
  readonly #log = new RateLimitedLog<RefusalReason>(
    new Logger('Connections'),
    'connection refused or closed',
  );
  readonly #rejections;

  constructor(metrics: Metrics) {
    this.#rejections = metrics.counter({
      name: 'chat_connections_refused_total',
      help: 'Connections rejected or closed because of client behaviour, by reason.',
      labelNames: ['reason'],
    });
    // Without an initial sample, `rate()` of Prometheus would miss the first increase.
    for (const reason of REASONS) this.#rejections.inc({ reason }, 0);
  }

  /**
   * Counts a rejected or closed connection.
   *
   * @param fields additional fields of the log line
   */
  count(reason: RefusalReason, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#rejections.inc({ reason });
    this.#log.warn(reason, fields);
  }
}
