import { Metrics } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import type { UpstreamName } from './gateway-settings.ts';

/** What the gateway tells Prometheus. */
@Injectable()
export class GatewayMetrics {
  readonly #requests;
  readonly #sockets;
  readonly #localFailures;

  constructor(metrics: Metrics) {
    this.#requests = metrics.counter({
      name: 'chat_gateway_requests_total',
      help: 'Requests that were passed on, by service and by the first digit of the answer.',
      labelNames: ['service', 'answer'],
    });
    this.#sockets = metrics.gauge({
      name: 'chat_gateway_sockets',
      help: 'WebSockets that pass through.',
    });
    this.#localFailures = metrics.counter({
      name: 'chat_gateway_local_failures_total',
      help: 'Connections to services that failed because the gateway lacks a resource, by error code.',
      labelNames: ['code'],
    });
  }

  answered(service: UpstreamName, statusCode: number): void {
    this.#requests.inc({ service, answer: `${Math.floor(statusCode / 100)}xx` });
  }

  sockets(open: number): void {
    this.#sockets.set(open);
  }

  localFailure(code: string): void {
    this.#localFailures.inc({ code });
  }
}
