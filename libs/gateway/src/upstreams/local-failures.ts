import { RateLimitedLog } from '@chat/platform/logging';
import { Injectable, Logger } from '@nestjs/common';
import { GatewayMetrics } from '../gateway-metrics.ts';

/** Counts and logs connections to services that failed because the gateway lacks a resource. */
@Injectable()
export class LocalFailures {
  readonly #log = new RateLimitedLog(
    new Logger('LocalFailures'),
    'connection to a service failed; the gateway lacks a resource',
  );

  constructor(private readonly metrics: GatewayMetrics) {}

  /** @param code system error code, such as `EMFILE` */
  report(code: string): void {
    this.metrics.countLocalFailure(code);
    this.#log.warn(code);
  }
}
