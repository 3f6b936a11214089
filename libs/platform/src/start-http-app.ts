import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HealthChecks } from './health-checks.ts';
import { HttpAdapter } from './http-adapter.ts';
import { HttpConnections } from './http-connections.ts';
import { listen } from './listen.ts';
import { createLogger, type LogSettings } from './logging.ts';
import { MetricsServer } from './metrics-server.ts';
import { Metrics } from './metrics.ts';

/** How long clients have to finish and to close once a stop has begun; below the longest stop of a process. */
const DRAIN_MS = 8_000;

export interface HttpProgramSettings extends LogSettings {
  readonly HOST: string;
  readonly PORT: number;
  readonly METRICS_HOST: string;
  readonly METRICS_PORT?: number | undefined;
  /** How long it goes on, saying that it stops, before it does; 0 for one that nobody stands in front of. */
  readonly STOP_DELAY_MS: number;
}

export interface HttpProgram {
  /** The application's module; with {@link HealthChecks} and {@link Metrics} in global modules. */
  readonly module: DynamicModule;
  /** Everything that is done to the application before it listens. */
  configure(app: NestExpressApplication): Promise<void> | void;
  /** Whether others may listen on the same port, so that a successor is there before this one stops. */
  readonly sharesPort?: boolean;
}

export interface HttpServer {
  /** Where a browser on this machine finds it. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts an HTTP application, and its metrics where a port is given for them.
 *
 * @param log where the log goes; standard output unless told otherwise.
 * @throws StartError when a port or an address is not to be had
 */
export async function startHttpApp(
  settings: HttpProgramSettings,
  program: HttpProgram,
  log?: NodeJS.WritableStream,
): Promise<HttpServer> {
  // Before Nest begins, so that what the application waits for at its start is seen meanwhile.
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
      { port: settings.PORT, host: settings.HOST, reusePort: program.sharesPort ?? false },
      { port: 'PORT', host: 'HOST' },
    );
    if (settings.METRICS_PORT !== undefined) {
      const { METRICS_PORT: port, METRICS_HOST: host } = settings;
      metrics = await MetricsServer.listen(app.get(Metrics), port, host);
    }
    return {
      url: browserUrl(server.address() as AddressInfo),
      close: async () => {
        health.stop();
        // Clients go on over other connections, and send nothing over one that is about to be closed.
        connections.announceStop();
        new Logger('Process').log('Stopping.');
        await delay(settings.STOP_DELAY_MS);
        connections.drain();
        // A client that has vanished would keep the rest of the stop waiting, and what is open stay open.
        const cut = setTimeout(() => connections.cut(), DRAIN_MS);
        await app.close();
        clearTimeout(cut);
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
