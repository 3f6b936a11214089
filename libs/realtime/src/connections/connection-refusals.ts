import { Metrics, RateBoundedLog } from '@chat/platform';
import { Injectable, Logger } from '@nestjs/common';

/** Why a connection was refused or closed; the values of a metric's label. */
const REASONS = [
  /** Its address connects too often. */
  'connect_rate',
  /** Too many connections of its address have not authenticated yet. */
  'unauthenticated_of_address',
  /** Too many connections have not authenticated yet, and its network has the most of them. */
  'unauthenticated',
  /** It did not ask to authenticate in time. */
  'connect_timeout',
  /** Its CONNECT was refused: its token, its namespace, or a limit of its user. */
  'connect_refused',
  /** It sent what is not allowed before it has authenticated, or upgrades without end. */
  'protocol',
  /** It does not read what was sent to it. */
  'slow',
  /** Its events come faster than they are admitted. */
  'events_waiting',
] as const;
export type RefusalReason = (typeof REASONS)[number];

/** Counts the connections that were refused or closed because of their clients, and logs them at a bounded rate. */
@Injectable()
export class ConnectionRefusals {
  readonly #log = new RateBoundedLog<RefusalReason>(
    new Logger('Connections'),
    'connection refused or closed',
  );
  readonly #refused;

  constructor(metrics: Metrics) {
    this.#refused = metrics.counter({
      name: 'chat_connections_refused_total',
      help: 'Connections that were refused or closed because of what their client did, by reason.',
      labelNames: ['reason'],
    });
    // A counter without a sample would hide its first increase from `rate()` of Prometheus.
    for (const reason of REASONS) this.#refused.inc({ reason }, 0);
  }

  /** @param fields of the log line */
  count(reason: RefusalReason, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#refused.inc({ reason });
    this.#log.warn(reason, fields);
  }
}
