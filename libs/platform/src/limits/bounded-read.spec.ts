import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAX_MESSAGE_BYTES } from '@chat/contracts';
import { Controller, Get, Global, Module, NotFoundException, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { configureHttpApp } from '../http/http-app.ts';
import { loggingModule } from '../logging/logging.ts';
import { MetricsModule } from '../monitoring/metrics.module.ts';
import { Metrics } from '../monitoring/metrics.ts';
import { BoundedRead } from './bounded-read.ts';
import { ReadBudget } from './read-budget.ts';
import { ReadSettings } from './read-settings.ts';

const PER_USER = 2;
const READ_RATE_MB = 32;
/** Each attempt takes 5 ms or more. */
const MAX_TRIES = 1_600;
/** More than the socket buffers of a connection hold. */
const LARGE = 'ß'.repeat(16 * 1024 * 1024);
let reads = 0;
/** Numbers in the order in which their requests were handled. */
let handled: string[] = [];
let authenticating = 0;

@Controller()
class NotesController {
  @Get('notes')
  @BoundedRead({ max: 200, default: 50 })
  notes() {
    reads += 1;
    return Promise.resolve([{ text: 'one' }, { text: 'zwei "ß" \u2028' }]);
  }

  @Get('numbers/:number')
  @BoundedRead({ max: 200, default: 50 })
  number(@Param('number') number: string) {
    handled.push(number);
    return [{ number }];
  }

  @Get('changes')
  @BoundedRead({ max: 200, default: 50 })
  changes() {
    return { rev: 3, complete: false, since: undefined, changes: [{ rev: 3 }], next: null };
  }

  @Get('large')
  @BoundedRead({ max: 200, default: 50 })
  large() {
    reads += 1;
    return [{ text: LARGE }];
  }

  @Get('missing')
  @BoundedRead({ max: 200, default: 50 })
  missing() {
    throw new NotFoundException();
  }
}

@Global()
@Module({
  providers: [
    {
      provide: ReadSettings,
      useValue: ReadSettings.of({
        READS_PER_USER: PER_USER,
        READS_AT_ONCE: 8,
        READ_BUDGET_MB: 1_024,
        READ_RATE_MB,
      }),
    },
    ReadBudget,
  ],
  exports: [ReadBudget],
})
class TestProvidersModule {}

@Module({
  imports: [TestProvidersModule, loggingModule({ LOG_LEVEL: 'silent' }), MetricsModule],
  controllers: [NotesController],
})
class NotesModule {}

describe('a bounded read', () => {
  let app: NestExpressApplication;
  let url: string;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    reads = 0;
    handled = [];
    app = await NestFactory.create<NestExpressApplication>(NotesModule, {
      bufferLogs: true,
      bodyParser: false,
    });
    configureHttpApp(app, { NODE_ENV: 'test' });
    app.use((request: Request & { user?: object }, _response: Response, next: NextFunction) => {
      request.user = { userId: request.get('x-user') ?? 'ann' };
      if (request.path === '/notes-later') {
        request.url = '/notes';
        authenticating += 1;
        request.socket.once('close', () => {
          setImmediate(() => {
            authenticating -= 1;
            next();
          });
        });
      } else next();
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await app.close();
    jest.useRealTimers();
  });

  /** Connects a client that pipelines requests without reading the responses. */
  const pipelineUnread = (path: string, requests: number): Promise<Socket> =>
    pipeline(Array<string>(requests).fill(path));
  const pipeline = async (paths: readonly string[]): Promise<Socket> => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.pause();
    await once(socket, 'connect');
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: chat\r\n\r\n`).join(''));
    return socket;
  };
  /** Stops the clock, so that only the test advances it; sockets still work. */
  const stopClock = (): void => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  };
  const gauge = async (name: string): Promise<number | undefined> =>
    (await app.get(Metrics).registry.getSingleMetric(name)?.get())?.values[0]?.value;
  const waitUntil = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    // Counts attempts, because a test may have stopped the clock.
    for (let tries = 0; !(await condition()); tries += 1) {
      if (tries === MAX_TRIES) throw new Error('The condition did not hold in time.');
      await delay(5);
    }
  };

  it.each(['/notes', '/changes'])('responds to %s with the JSON of its handler', async (path) => {
    const response = await fetch(url + path);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const text = await response.text();
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    const expected = path === '/notes' ? await new NotesController().notes() : changes;
    expect(JSON.parse(text)).toEqual(expected);
  });
  const changes = { rev: 3, complete: false, changes: [{ rev: 3 }], next: null };

  it('returns 404 when its handler throws NotFoundException, and releases its slot and bytes', async () => {
    for (let n = 0; n < 3 * PER_USER; n += 1) {
      expect((await fetch(`${url}/missing`)).status).toBe(404);
    }
    expect(await gauge('chat_reads_in_flight')).toBe(0);
    expect(await gauge('chat_read_bytes')).toBe(0);
  });

  it('does not count towards the rate of its user when it fails', async () => {
    const burst = Math.ceil((4 * READ_RATE_MB * 1024 * 1024) / (200 * MAX_MESSAGE_BYTES));
    for (let n = 0; n < 2 * burst; n += 1) {
      expect((await fetch(`${url}/missing?limit=200`)).status).toBe(404);
    }
  });

  it('holds its bytes until its client has read the response', async () => {
    const socket = await pipelineUnread('/large', 1);
    await waitUntil(async () => ((await gauge('chat_read_bytes')) ?? 0) > 2 * LARGE.length);
    socket.resume();
    await waitUntil(async () => (await gauge('chat_read_bytes')) === 0);
  });

  it('releases its bytes when its client disconnects', async () => {
    const socket = await pipelineUnread('/large', 1);
    await waitUntil(async () => ((await gauge('chat_read_bytes')) ?? 0) > 2 * LARGE.length);
    socket.destroy();
    await waitUntil(async () => (await gauge('chat_read_bytes')) === 0);
  });

  it('is handled one at a time per connection when its client pipelines 10 requests', async () => {
    await pipelineUnread('/large', 10);
    await waitUntil(async () => ((await gauge('chat_read_bytes')) ?? 0) > 2 * LARGE.length);
    expect((await fetch(`${url}/notes`)).status).toBe(200);
    expect(reads).toBe(2);
  });

  it('is handled and answered in the order of the requests when its client pipelines 10', async () => {
    const numbers = Array.from({ length: 10 }, (_, n) => String(n));
    const socket = await pipeline(numbers.map((number) => `/numbers/${number}`));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.resume();
    const responses = () => [...text.matchAll(/\[\{"number":"(\d)"\}\]/g)].map(([, n]) => n);
    await waitUntil(() => responses().length >= numbers.length);
    expect(responses()).toEqual(numbers);
    expect(handled).toEqual(numbers);
    expect(text.split('HTTP/1.1 200 OK')).toHaveLength(1 + numbers.length);
  });

  it('does not start when its client disconnects while the read waits', async () => {
    await Promise.all([pipelineUnread('/large', 1), pipelineUnread('/large', 1)]);
    await waitUntil(() => reads === PER_USER);
    const waiting = await pipelineUnread('/notes', 1);
    await waitUntil(async () => (await gauge('chat_reads_waiting')) === 1);
    waiting.destroy();
    await waitUntil(async () => (await gauge('chat_reads_waiting')) === 0);
    for (const socket of sockets) socket.destroy();
    await waitUntil(async () => (await gauge('chat_read_bytes')) === 0);
    expect(reads).toBe(PER_USER);
  });

  it('does not start when its client disconnects during authentication', async () => {
    const socket = await pipelineUnread('/notes-later', 1);
    await waitUntil(() => authenticating === 1);
    socket.destroy();
    await waitUntil(() => authenticating === 0);
    expect((await fetch(`${url}/notes`)).status).toBe(200);
    expect(await gauge('chat_read_bytes')).toBe(0);
    expect(reads).toBe(1);
  });

  it('waits only for other reads by the same user, and returns 429 after 3 s', async () => {
    await Promise.all([pipelineUnread('/large', 1), pipelineUnread('/large', 1)]);
    await waitUntil(() => reads === PER_USER);
    const other = await fetch(`${url}/notes`, { headers: { 'x-user': 'bob' } });
    expect(other.status).toBe(200);
    stopClock();
    const response = fetch(`${url}/notes`);
    await waitUntil(async () => (await gauge('chat_reads_waiting')) === 1);
    await jest.advanceTimersByTimeAsync(3_000);
    const own = await response;
    expect(own.status).toBe(429);
    expect(own.headers.get('retry-after')).toBe('1');
  });

  it('is rejected with 429 beyond 17 pipelined requests', async () => {
    const socket = await pipelineUnread('/notes', 100);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.resume();
    await waitUntil(() => text.split(/HTTP\/1.1 \d+ /).length === 101);
    expect(text.split('HTTP/1.1 200 ').length - 1).toBe(17);
    expect(text.split('HTTP/1.1 429 ').length - 1).toBe(83);
  });

  it('is aborted, and its client disconnected, when the client reads nothing of it for 10 s', async () => {
    stopClock();
    const socket = await pipelineUnread('/large', 1);
    await waitUntil(async () => ((await gauge('chat_read_bytes')) ?? 0) > 2 * LARGE.length);
    await jest.advanceTimersByTimeAsync(9_900);
    expect(await gauge('chat_read_bytes')).toBeGreaterThan(2 * LARGE.length);
    await jest.advanceTimersByTimeAsync(200);
    await waitUntil(async () => (await gauge('chat_read_bytes')) === 0);
    socket.resume();
    await once(socket, 'close');
  });
});
