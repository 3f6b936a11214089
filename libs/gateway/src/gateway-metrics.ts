import { Metrics } from '@chat/platform/monitoring';
import { Injectable } from '@nestjs/common';
import type { UpstreamName } from './gateway-settings.ts';

/** Prometheus metrics for the gateway. */
@Injectable()
export class GatewayMetrics {
  readonly #requests;
  readonly #sockets;
  readonly #localFailures;

  constructor(metrics: Metrics) {
    this.#requests = metrics.counter({
      name: 'chat_gateway_requests_total',
      help: 'Requests forwarded to services, by service and status class of the response.',
      labelNames: ['service', 'answer'],
    });
    this.#sockets = metrics.gauge({
      name: 'chat_gateway_sockets',
      help: 'Open WebSockets that are forwarded to services.',
    });
    this.#localFailures = metrics.counter({
      name: 'chat_gateway_local_failures_total',
      help: 'Connections to services that failed for lack of a local resource, by error code.',
      labelNames: ['code'],
    });
  }

  countResponse(service: UpstreamName, statusCode: number): void {
    this.#requests.inc({ service, answer: `${Math.floor(statusCode / 100)}xx` });
  }

  setOpenSockets(open: number): void {
    this.#sockets.set(open);
  }

  countLocalFailure(code: string): void {
    this.#localFailures.inc({ code });
  }
}
