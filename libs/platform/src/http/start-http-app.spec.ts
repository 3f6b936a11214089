import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Global, Logger, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { StartError } from '../failures/start-error.ts';
import { loggingModule } from '../logging/logging.ts';
import { HealthChecks } from '../monitoring/health-checks.ts';
import { MetricsModule } from '../monitoring/metrics.module.ts';
import { listen } from './listen.ts';
import {
  startHttpApp,
  type HttpProgram,
  type HttpProgramSettings,
  type HttpServer,
} from './start-http-app.ts';

@Global()
@Module({ providers: [HealthChecks], exports: [HealthChecks] })
class Health {}

@Module({})
class App {}

const SETTINGS = {
  HOST: '127.0.0.1',
  PORT: 0,
  METRICS_HOST: '127.0.0.1',
  STOP_DELAY_MS: 0,
  LOG_LEVEL: 'info',
} as const;

const logged: string[] = [];
const log = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    logged.push(chunk.toString());
    done();
  },
});

const moduleOf = (...providers: Provider[]): DynamicModule => ({
  module: App,
  imports: [loggingModule(SETTINGS, log), MetricsModule, Health],
  providers,
});

const start = (
  settings: Partial<HttpProgramSettings> = {},
  program: Partial<HttpProgram> = {},
): Promise<HttpServer> =>
  startHttpApp(
    { ...SETTINGS, ...settings },
    { module: moduleOf(), configure: () => {}, ...program },
    log,
  );

describe('an HTTP application', () => {
  // With a stopped clock, a stop closes no connection that is in use.
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  });
  afterEach(() => {
    // Completes a stop that a failed test waited for.
    jest.runOnlyPendingTimers();
    jest.useRealTimers();
  });

  it('stops within 8 s even if the client of an upgraded connection is unresponsive', async () => {
    let upgraded: Promise<unknown[]> | undefined;
    const app = await start(
      {},
      {
        configure: (nest) => {
          upgraded = once(nest.getHttpServer(), 'upgrade');
        },
      },
    );
    const client = connect(Number(new URL(app.url).port), '127.0.0.1');
    client.write(
      'GET /socket.io/ HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const [, connection] = (await upgraded) as [unknown, Socket];
    const stopped = app.close();
    try {
      while (jest.getTimerCount() === 0) await delay(5);
      await jest.advanceTimersByTimeAsync(8_000);
      expect(connection.destroyed).toBe(true);
    } finally {
      connection.destroy();
      await stopped;
    }
  });

  it('responds with Connection: close during its stop delay', async () => {
    const app = await start({ STOP_DELAY_MS: 500 });
    const agent = new Agent({ keepAlive: true });
    const connectionAfter = async (): Promise<string | undefined> => {
      const request = get(app.url, { agent });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      await text(response);
      return response.headers.connection;
    };
    expect(await connectionAfter()).toBe('keep-alive');
    const stopped = app.close();
    try {
      expect(await connectionAfter()).toBe('close');
    } finally {
      agent.destroy();
      await stopped;
    }
  });

  /** Starts an application that responds to `/slow` only when `respondAll` is called. */
  const startSlow = async (settings: Partial<HttpProgramSettings>) => {
    const pending: (() => void)[] = [];
    const app = await start(settings, {
      configure: (nest) => {
        nest.use('/slow', (request: IncomingMessage, response: ServerResponse) => {
          pending.push(() => response.end(request.url));
        });
      },
    });
    const waitForRequests = async (count: number): Promise<void> => {
      while (pending.length < count) await delay(5);
    };
    return {
      app,
      waitForRequests,
      respondAll: () => pending.splice(0).forEach((respond) => respond()),
    };
  };

  it('responds to a request that began before its stop with Connection: close', async () => {
    const { app, waitForRequests, respondAll } = await startSlow({ STOP_DELAY_MS: 2_000 });
    const agent = new Agent({ keepAlive: true });
    const pendingResponse = once(get(`${app.url}/slow`, { agent }), 'response');
    await waitForRequests(1);
    const stopped = app.close();
    try {
      respondAll();
      const [response] = (await pendingResponse) as [IncomingMessage];
      expect(response.headers.connection).toBe('close');
      response.resume();
    } finally {
      agent.destroy();
      await stopped;
    }
  });

  it('responds to pipelined requests that began before its stop, the last with Connection: close', async () => {
    const { app, waitForRequests, respondAll } = await startSlow({ STOP_DELAY_MS: 2_000 });
    const client = connect(Number(new URL(app.url).port), '127.0.0.1');
    const responses = text(client);
    client.write(
      'GET /slow/1 HTTP/1.1\r\nHost: app\r\n\r\nGET /slow/2 HTTP/1.1\r\nHost: app\r\n\r\n',
    );
    await waitForRequests(2);
    const stopped = app.close();
    try {
      respondAll();
      const [, first = '', second = ''] = (await responses).split('HTTP/1.1 200 OK');
      expect(first).toMatch(/connection: keep-alive[^]*\/1$/i);
      expect(second).toMatch(/connection: close[^]*\/2$/i);
    } finally {
      client.destroy();
      await stopped;
    }
  });

  it('closes idle and unused connections immediately when it stops', async () => {
    const app = await start();
    const agent = new Agent({ keepAlive: true });
    const [response] = (await once(get(app.url, { agent }), 'response')) as [IncomingMessage];
    await text(response);
    const unused = connect(Number(new URL(app.url).port), 'localhost');
    await once(unused, 'connect');
    await app.close();
    agent.destroy();
    unused.destroy();
  });

  it('finishes responses in progress when it stops, then closes their connections', async () => {
    const inProgress = Promise.withResolvers<() => void>();
    const app = await start(
      {},
      {
        configure: (nest) => {
          nest.use('/slow', (_request: IncomingMessage, response: ServerResponse) => {
            response.write('first, ');
            inProgress.resolve(() => response.end('last'));
          });
        },
      },
    );
    const agent = new Agent({ keepAlive: true });
    const request = get(`${app.url}/slow`, { agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const finish = await inProgress.promise;
    const idle = connect(Number(new URL(app.url).port), 'localhost');
    await once(idle, 'connect');
    const stopped = app.close();
    await once(idle, 'close');
    finish();
    expect(await text(response)).toBe('first, last');
    await stopped;
    agent.destroy();
  });

  it('logs JSON from its first line on, while a provider is still starting', async () => {
    logged.length = 0;
    const waiting = Promise.withResolvers<never>();
    const started = start(
      {},
      {
        module: moduleOf({
          provide: 'store',
          useFactory: () => {
            new Logger('Store').warn('waiting for dependency');
            new Logger('Store').debug('below the log level');
            return waiting.promise;
          },
        }),
      },
    );
    const rejected = expect(started).rejects.toThrow('The store is unavailable.');
    try {
      const isLogged = () => logged.some((line) => line.includes('waiting for dependency'));
      for (let round = 0; !isLogged() && round < 200; round += 1) await delay(10);
      expect(isLogged()).toBe(true);
    } finally {
      waiting.reject(new Error('The store is unavailable.'));
      await rejected;
    }
    const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', context: 'Store', time: expect.any(String) }),
    );
    expect(lines.at(-1)).toMatchObject({ level: 'error', msg: 'The store is unavailable.' });
    expect(logged.join('')).not.toContain('below the log level');
  });
});

describe('the start error of an HTTP application', () => {
  let holder: Server;
  let taken: number;
  beforeEach(async () => {
    holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    taken = (holder.address() as AddressInfo).port;
  });
  afterEach(() => {
    holder.close();
  });

  const startErrorOf = (starting: Promise<unknown>): Promise<string> =>
    starting.then(
      () => 'The application started.',
      (error: unknown) => (error instanceof StartError ? error.message : String(error)),
    );

  it('names the setting of a port in use', async () => {
    expect(await startErrorOf(start({ PORT: taken }))).toBe(
      `PORT: port ${taken} is in use; stop the program that uses it, or choose another with --port.`,
    );
    expect(await startErrorOf(start({ METRICS_PORT: taken }))).toBe(
      `METRICS_PORT: port ${taken} is in use; stop the program that uses it, or choose another with --metrics-port.`,
    );
  });

  it('names the setting of an address that this machine does not have', async () => {
    expect(await startErrorOf(start({ HOST: '203.0.113.7' }))).toBe(
      'HOST: this machine does not have that address; choose another with --host.',
    );
    expect(await startErrorOf(start({ METRICS_PORT: 0, METRICS_HOST: 'nowhere.invalid' }))).toBe(
      'METRICS_HOST: this machine does not have that address; choose another with --metrics-host.',
    );
  });

  it('names the setting of a port that the user may not use', async () => {
    // Root may use every port, so the error is simulated.
    const server = createServer();
    jest.spyOn(server, 'listen').mockImplementation(() => {
      const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
      process.nextTick(() => server.emit('error', error));
      return server;
    });
    const names = { port: 'METRICS_PORT', host: 'METRICS_HOST' };
    expect(await startErrorOf(listen(server, { port: 80 }, names))).toBe(
      'METRICS_PORT: port 80 may not be used by this user; choose one above 1023 with --metrics-port.',
    );
  });

  it('is unchanged when a provider fails with ENOTFOUND or EADDRINUSE', async () => {
    for (const code of ['ENOTFOUND', 'EADDRINUSE']) {
      const error = Object.assign(new Error(`querySrv ${code} db.example.com`), { code });
      const provider = { provide: 'store', useFactory: () => Promise.reject(error) };
      await expect(start({}, { module: moduleOf(provider) })).rejects.toBe(error);
    }
  });
});
