import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { Metrics } from '../monitoring/metrics.ts';
import { listen } from './listen.ts';

/** Serves GET /metrics for Prometheus on a separate port, which is not exposed to clients. */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /**
   * Starts the server.
   *
   * @param port 0 for any free port; the log contains the actual one
   * @throws StartError when the port or address is unavailable
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
          logger.error({ err: error }, 'metrics collection failed');
          response.writeHead(500).end();
        },
      );
    });
    server.requestTimeout = 5_000;
    await listen(server, { port, host }, { port: 'METRICS_PORT', host: 'METRICS_HOST' });
    const { port: listening } = server.address() as AddressInfo;
    logger.log({ url: `http://${host}:${listening}/metrics` }, 'metrics server started');
    return new MetricsServer(server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
