import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { configureHttpServer, createHealthController, HttpAdapter } from '@chat/platform/http';
import { InMemoryRateLimiter, RateLimiter } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { HealthChecks, Metrics, MetricsModule } from '@chat/platform/monitoring';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { TrustProxy } from '../src/forwarding/client-address.ts';
import { UpgradeForwarder } from '../src/forwarding/upgrade-forwarder.ts';
import { GatewaySettings, type UpstreamName } from '../src/gateway-settings.ts';
import { GatewayModule } from '../src/gateway.module.ts';

export interface Gateway {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Returns the number of open client connections. */
  connections(): Promise<number>;
  /** Returns the metrics as Prometheus scrapes them. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

/** For tests of unresponsive instances: marks them unavailable after 500 ms. */
export const FAST_PROBE_OPTIONS = {
  probeIntervalMs: 50,
  probeTimeoutMs: 500,
  lostAfterMs: 1_500,
  resolveIntervalMs: 60_000,
};

/**
 * Starts a gateway, configured as in the app, in front of the given instances. It probes them
 * often, with timeouts that are long enough for a busy machine.
 */
export async function startGateway(
  urls: Partial<Record<UpstreamName, readonly string[]>>,
  options: Partial<Omit<GatewaySettings, 'urls'>> & { readonly trustProxy?: string[] } = {},
): Promise<Gateway> {
  const settings: GatewaySettings = {
    urls: { users: [], messages: [], chat: [], ...urls },
    limit: { points: 10_000, windowMs: 1_000, burst: 10_000 },
    timeoutMs: 10_000,
    retryForMs: 2_000,
    maxSockets: 100,
    pool: {
      probeIntervalMs: 50,
      probeTimeoutMs: 5_000,
      lostAfterMs: 10_000,
      resolveIntervalMs: 1_000,
    },
    ...options,
  };
  const providers = [
    { provide: GatewaySettings, useValue: settings },
    { provide: HealthChecks, useValue: new HealthChecks() },
    { provide: RateLimiter, useClass: InMemoryRateLimiter },
  ];

  @Global()
  @Module({ providers, exports: providers.map(({ provide }) => provide) })
  class TestProvidersModule {}

  @Module({
    imports: [
      loggingModule({ LOG_LEVEL: 'silent' }),
      MetricsModule,
      TestProvidersModule,
      GatewayModule,
    ],
    controllers: [createHealthController()],
  })
  class App {}

  const app = await NestFactory.create<NestExpressApplication>(App, new HttpAdapter(), {
    bufferLogs: true,
    bodyParser: false,
  });
  configureHttpServer(app, { NODE_ENV: 'test', TRUST_PROXY: options.trustProxy });
  const trusted = app.getHttpAdapter().getInstance().get('trust proxy fn') as TrustProxy;
  app.get(UpgradeForwarder).attach(app.getHttpServer(), trusted);
  await app.init();
  const server: Server = app.getHttpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    connections: promisify(server.getConnections.bind(server)),
    metrics: () => app.get(Metrics).registry.metrics(),
    close: async () => {
      // Test clients keep idle connections open for several seconds.
      server.closeAllConnections();
      await app.close();
    },
  };
}
