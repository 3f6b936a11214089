import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { listen } from './listen.ts';
import type { Metrics } from './metrics.ts';

/** Answers GET /metrics for Prometheus, on a port of its own that no client reaches. */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /**
   * @param port 0 for any that is free; the log tells which
   * @throws StartError when the port or the address is not to be had
   */
  static async listen(metrics: Metrics, port: number, host: string): Promise<MetricsServer> {
    const logger = new Logger(MetricsServer.name);
    const server = createServer((request, response) => {
      if (request.method !== 'GET' || request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      metrics.registry.metrics().then(
        (text) => {
          response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
        },
        (error: unknown) => {
          logger.error({ err: error }, 'the metrics could not be collected');
          response.writeHead(500).end();
        },
      );
    });
    server.requestTimeout = 5_000;
    await listen(server, { port, host }, { port: 'METRICS_PORT', host: 'METRICS_HOST' });
    const { port: listening } = server.address() as AddressInfo;
    logger.log(`Metrics are at http://${host}:${listening}/metrics.`);
    return new MetricsServer(server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
