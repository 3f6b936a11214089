import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createLogger, type LogSettings } from '../logging/logging.ts';
import { HealthChecks } from '../monitoring/health-checks.ts';
import { Metrics } from '../monitoring/metrics.ts';
import { HttpAdapter } from './http-adapter.ts';
import { HttpConnections } from './http-connections.ts';
import { listen } from './listen.ts';
import { MetricsServer } from './metrics-server.ts';

/** Time for clients to finish after a stop began; less than the stop timeout of a process. */
const DRAIN_MS = 8_000;

export interface HttpProgramSettings extends LogSettings {
  readonly HOST: string;
  readonly PORT: number;
  readonly METRICS_HOST: string;
  readonly METRICS_PORT?: number | undefined;
  /** Time between the announcement of a stop and the stop; 0 if no gateway is in front. */
  readonly STOP_DELAY_MS: number;
}

export interface HttpProgram {
  /** Module of the application; provides {@link HealthChecks} and {@link Metrics} globally. */
  readonly module: DynamicModule;
  /** Configures the application before it listens. */
  configure(app: NestExpressApplication): Promise<void> | void;
  /** Whether processes may share the port, so that the next one can start before this one stops. */
  readonly reusePort?: boolean;
}

export interface HttpServer {
  /** Address for a browser on this machine. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts an HTTP application, and a metrics server if `METRICS_PORT` is set.
 *
 * @param log stream for the log; defaults to standard output
 * @throws StartError when a port or address is unavailable
 */
export async function startHttpApp(
  settings: HttpProgramSettings,
  program: HttpProgram,
  log?: NodeJS.WritableStream,
): Promise<HttpServer> {
  // Before Nest starts, so that logs about dependencies that the application waits for are visible.
  Logger.overrideLogger(createLogger(settings, log));
  const app = await NestFactory.create<NestExpressApplication>(program.module, new HttpAdapter(), {
    bodyParser: false,
    abortOnError: false,
  });
  let metrics: MetricsServer | undefined;
  try {
    await program.configure(app);
    await app.init();
    const server = app.getHttpServer();
    const connections = new HttpConnections(server);
    const health = app.get(HealthChecks);
    await listen(
      server,
      { port: settings.PORT, host: settings.HOST, reusePort: program.reusePort ?? false },
      { port: 'PORT', host: 'HOST' },
    );
    if (settings.METRICS_PORT !== undefined) {
      const { METRICS_PORT: port, METRICS_HOST: host } = settings;
      metrics = await MetricsServer.listen(app.get(Metrics), port, host);
    }
    return {
      url: browserUrl(server.address() as AddressInfo),
      close: async () => {
        health.markStopping();
        // Clients switch to other connections before this server closes theirs.
        connections.announceStop();
        new Logger('Process').log('stopping');
        await delay(settings.STOP_DELAY_MS);
        connections.drain();
        // An unresponsive client would delay the rest of the shutdown, and keep resources open.
        const drainTimer = setTimeout(() => connections.destroyAll(), DRAIN_MS);
        await app.close();
        clearTimeout(drainTimer);
        await metrics?.close();
      },
    };
  } catch (error) {
    await metrics?.close();
    await app.close();
    throw error;
  }
}

function browserUrl({ address, family, port }: AddressInfo): string {
  const isLocal = ['127.0.0.1', '0.0.0.0', '::1', '::'].includes(address);
  const host = isLocal ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
