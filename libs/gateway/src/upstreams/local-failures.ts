import { RateBoundedLog } from '@chat/platform';
import { Injectable, Logger } from '@nestjs/common';
import { GatewayMetrics } from '../gateway-metrics.ts';

/** Counts and logs the connections to services that failed for a reason of the gateway's own. */
@Injectable()
export class LocalFailures {
  readonly #log = new RateBoundedLog(
    new Logger('LocalFailures'),
    'connection to a service failed; the gateway lacks a resource',
  );

  constructor(private readonly metrics: GatewayMetrics) {}

  /** @param code the system's error code, such as `EMFILE` */
  report(code: string): void {
    this.metrics.localFailure(code);
    this.#log.warn(code);
  }
}
