import { Injectable } from '@nestjs/common';
import { Metrics } from './metrics.ts';

/** Limits that refuse work with RATE_LIMITED, as the label `limit` names them; `read_not_taken` ends an answer instead. */
const LIMITS = [
  'user_requests',
  'address_requests',
  'pipelined_requests',
  'user_reads',
  'user_read_bytes',
  'all_reads',
  'read_wait',
  'read_not_taken',
  'user_joins',
  'membership_changes',
] as const;
export type RefusingLimit = (typeof LIMITS)[number];

/** Counts what this process refuses, by the limit that was reached. */
@Injectable()
export class Refusals {
  readonly #refused;

  constructor(metrics: Metrics) {
    this.#refused = metrics.counter({
      name: 'chat_refusals_total',
      help: 'Requests and events that were refused as RATE_LIMITED, or cut off, by the limit that was reached.',
      labelNames: ['limit'],
    });
    for (const limit of LIMITS) this.#refused.inc({ limit }, 0);
  }

  count(limit: RefusingLimit): void {
    this.#refused.inc({ limit });
  }
}
