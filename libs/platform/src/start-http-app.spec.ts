import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { HealthChecks } from './health-checks.ts';
import { loggingModule } from './logging.ts';
import { MetricsModule } from './metrics.ts';
import { startHttpApp } from './start-http-app.ts';

@Global()
@Module({ providers: [HealthChecks], exports: [HealthChecks] })
class Health {}

@Module({})
class App {}

describe('an HTTP application', () => {
  it('stops although a client has vanished that it was talking to', async () => {
    let upgraded: Promise<unknown[]> | undefined;
    const app = await startHttpApp(
      { HOST: '127.0.0.1', PORT: 0, METRICS_HOST: '127.0.0.1', STOP_DELAY_MS: 0 },
      {
        module: {
          module: App,
          imports: [loggingModule({ LOG_LEVEL: 'silent' }), MetricsModule, Health],
        },
        configure: (nest) => {
          upgraded = once(nest.getHttpServer(), 'upgrade');
        },
      },
    );
    const client = connect(Number(new URL(app.url).port), '127.0.0.1');
    client.write(
      'GET / HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const [, connection] = (await upgraded) as [unknown, Socket];
    const cut = once(client, 'close');
    const stopped = app.close();
    try {
      await Promise.race([cut, delay(10_000).then(() => Promise.reject(new Error('not cut')))]);
    } finally {
      connection.destroy();
      await stopped;
    }
  }, 15_000);
});
