import { Injectable } from '@nestjs/common';
import { Metrics } from './metrics.ts';

/**
 * Values of the label `limit`: the limits that reject requests and events with RATE_LIMITED.
 * `read_not_taken` cuts off a response instead.
 */
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

/** Counts the requests and events that this process rejects, by limit. */
@Injectable()
export class Refusals {
  readonly #rejections;

  constructor(metrics: Metrics) {
    this.#rejections = metrics.counter({
      name: 'chat_refusals_total',
      help: 'Requests and events that were rejected with RATE_LIMITED, or cut off, by limit.',
      labelNames: ['limit'],
    });
    for (const limit of LIMITS) this.#rejections.inc({ limit }, 0);
  }

  count(limit: RefusingLimit): void {
    this.#rejections.inc({ limit });
  }
}
