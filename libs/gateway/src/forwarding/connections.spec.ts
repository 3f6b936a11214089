import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as send, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, exhaustFileDescriptors } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { startGateway, type Gateway } from '../../test/gateway.ts';
import { Upstream } from '../../test/upstream.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const closable of open.splice(0).toReversed()) await closable.close();
});

async function upstream(id: string): Promise<Upstream> {
  const started = await Upstream.start(id);
  open.push({ close: () => started.stop() });
  return started;
}

async function gateway(...call: Parameters<typeof startGateway>): Promise<Gateway> {
  const started = await startGateway(...call);
  open.push(started);
  return started;
}

const post = (url: string): Promise<Response> =>
  fetch(`${url}/auth/login`, { method: 'POST', body: '{}' });

/** Sends a request; the agent of `options` decides which connection carries it. */
async function sendRequest(
  url: string,
  options: RequestOptions,
  body?: string,
): Promise<IncomingMessage> {
  const clientRequest = send(url, options);
  clientRequest.end(body);
  const [response] = (await once(clientRequest, 'response')) as [IncomingMessage];
  return response;
}

describe('connections from the gateway to services', () => {
  it('are reused: fewer than 50 serve 420 requests', async () => {
    const users = await upstream('users');
    const { url } = await gateway({ users: [users.url] });
    for (let n = 0; n < 100; n += 1) expect((await post(url)).status).toBe(200);
    expect(users.usedConnections.size).toBeLessThan(10);
    const concurrent = Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 40; n += 1) expect((await post(url)).status).toBe(200);
    });
    await Promise.all(concurrent);
    expect(users.seen).toHaveLength(420);
    expect(users.usedConnections.size).toBeLessThan(50);
  });

  it('are limited to 256: a request that gets none receives 503 and is never sent', async () => {
    const users = await upstream('users');
    // Endless responses, each of which occupies its connection.
    users.respond = (_request, response) => {
      response.write('x');
      const trickle = setInterval(() => response.write('x'), 500);
      response.once('close', () => clearInterval(trickle));
    };
    const { url } = await gateway({ users: [users.url] }, { timeoutMs: 5_000 });
    const disconnect = new AbortController();
    const login = { method: 'POST', body: '{}', signal: disconnect.signal };
    // References are kept because `fetch` cancels a response that is garbage collected.
    const responses = await Promise.all(
      Array.from({ length: 300 }, () => fetch(`${url}/auth/login`, login)),
    );
    const statuses = responses.map(({ status }) => status);
    disconnect.abort();
    expect(statuses.filter((status) => status === 200)).toHaveLength(256);
    expect(statuses.filter((status) => status === 503)).toHaveLength(44);
    expect([users.usedConnections.size, users.seen.length]).toEqual([256, 256]);
  });

  it('remain available for requests while 300 long polls wait', async () => {
    const chat = await upstream('chat');
    chat.server.on('request', (request: IncomingMessage) => {
      if (request.url?.startsWith('/socket.io')) polls += 1;
    });
    let polls = 0;
    const { url, port } = await gateway({ chat: [chat.url] }, { maxSockets: 300 });
    const agent = new Agent();
    open.push({ close: () => agent.destroy() });
    for (let n = 0; n < 300; n += 1) {
      const poll = send({ port, path: '/socket.io/?EIO=4&transport=polling', agent });
      poll.on('error', () => undefined).end();
    }
    await eventually(() => expect(polls).toBe(300));
    expect((await fetch(`${url}/asyncapi.json`)).status).toBe(200);
  });

  it('are not reused when idle for longer than a stopping service keeps them open', async () => {
    const users = await upstream('users');
    const respondedAt = new WeakMap<object, number>();
    users.respond = ({ socket }, response) => {
      // Like a stopping service: closes connections that were idle while it announced the stop.
      if (performance.now() - (respondedAt.get(socket) ?? Infinity) > 1_500) socket.destroy();
      respondedAt.set(socket, performance.now());
      response.end();
    };
    const { url } = await gateway({ users: [users.url] });
    for (const idleMs of [0, 500, 1_600, 1_600]) {
      await delay(idleMs);
      expect((await post(url)).status).toBe(200);
    }
  });

  it('do not lose a POST when the service closes them while they are idle', async () => {
    const users = await upstream('users');
    const { url } = await gateway({ users: [users.url] });
    for (let n = 0; n < 100; n += 1) {
      expect((await post(url)).status).toBe(200);
      users.closeConnections();
    }
    expect(users.seen).toHaveLength(100);
  });

  it('are closed when the client disconnects before the response', async () => {
    const users = await upstream('users');
    const received = Promise.withResolvers<IncomingMessage>();
    users.respond = (request) => received.resolve(request);
    const { url } = await gateway({ users: [users.url] }, { timeoutMs: 600_000 });
    const disconnect = new AbortController();
    const pending = fetch(`${url}/users/me`, { signal: disconnect.signal });
    const { socket } = await received.promise;
    const closed = once(socket, 'close');
    disconnect.abort();
    await expect(pending).rejects.toThrow();
    await closed;
  });
});

describe('a request through the gateway', () => {
  it('is retried after the loss of a reused connection only if it is a GET', async () => {
    const users = await upstream('users');
    const { url } = await gateway({ users: [users.url] });
    expect((await post(url)).status).toBe(200);
    users.respond = ({ socket }) => socket.destroy();
    const broken = await post(url);
    expect([broken.status, await broken.json()]).toMatchObject([502, { code: 'UNAVAILABLE' }]);
    expect(users.usedConnections.size).toBe(1);
    expect(users.seen).toHaveLength(2);

    users.respond = ({ socket }, response) => {
      if (users.seen.length === 3) socket.destroy();
      else response.end();
    };
    expect((await fetch(`${url}/users/me`)).status).toBe(200);
    expect(users.seen).toHaveLength(4);
  });

  it('occupies no connection to a service while its body arrives slowly', async () => {
    const users = await upstream('users');
    const { url, port } = await gateway({ users: [users.url] });
    const slow = connect(port, '127.0.0.1');
    open.push({ close: () => void slow.destroy() });
    slow.write('POST /auth/login HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n');
    slow.write('Content-Length: 4\r\n\r\n{"');
    expect((await post(url)).status).toBe(200);
    expect(users.usedConnections.size).toBe(1);
    slow.write('"}');
    expect(await text(slow)).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(users.seen.at(-1)?.body).toBe('{""}');
  });

  it('is aborted at the service when its client disconnects during a large body', async () => {
    const users = await upstream('users');
    const { url, port } = await gateway({ users: [users.url] });
    const upload = connect(port, '127.0.0.1');
    upload.write('POST /auth/login HTTP/1.1\r\nHost: chat\r\nContent-Length: 1000000\r\n\r\n');
    upload.write('x'.repeat(100_000));
    await eventually(() => expect(users.usedConnections.size).toBe(1));
    upload.destroy();
    await eventually(() => expect(users.abortedBodies).toBe(1));
    expect(users.seen).toEqual([]);
    expect((await post(url)).status).toBe(200);
  });

  it.each([
    ['the service rejects a large body', true, 413],
    ['no instance is available', false, 503],
  ])('leaves the client connection usable when %s', async (_reason, rejects, status) => {
    const users = await upstream('users');
    users.rejectBodies = true;
    const { port } = await gateway({ users: rejects ? [users.url] : [] }, { retryForMs: 0 });
    const client = connect(port, '127.0.0.1');
    open.push({ close: () => void client.destroy() });
    client.write('POST /auth/login HTTP/1.1\r\nHost: chat\r\nContent-Length: 1000000\r\n\r\n');
    client.write('x'.repeat(100_000));
    expect(String((await once(client, 'data'))[0])).toContain(`HTTP/1.1 ${status} `);
    client.write('x'.repeat(900_000));
    client.write('GET /health/live HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n');
    expect(await text(client)).toContain('HTTP/1.1 200 OK');
  });

  it('carries large bodies and responses unchanged', async () => {
    const users = await upstream('users');
    users.respond = (_request, response, body) => response.end(body);
    const { url } = await gateway({ users: [users.url] });
    const body = randomBytes(2_000_000).toString('hex');
    const response = await fetch(`${url}/auth/login`, { method: 'POST', body });
    const hash = (value: string): string => createHash('sha256').update(value).digest('hex');
    expect(hash(await response.text())).toBe(hash(body));
  });

  it('is aborted at the service when its client does not read the response', async () => {
    const users = await upstream('users');
    const ended = Promise.withResolvers<void>();
    users.respond = (_request, response) => {
      response.once('close', () => ended.resolve()).write(Buffer.alloc(50_000_000));
    };
    const { port } = await gateway({ users: [users.url] }, { timeoutMs: 1_000 });
    const reader = connect(port, '127.0.0.1');
    open.push({ close: () => void reader.destroy() });
    reader.pause().write('GET /users/me HTTP/1.1\r\nHost: chat\r\n\r\n');
    await ended.promise;
  });

  it('carries no hop-by-hop headers in either direction', async () => {
    const users = await upstream('users');
    users.respond = (_request, response) => {
      response.setHeader('connection', 'keep-alive, x-hop');
      response.setHeader('x-hop', 'service');
      response.setHeader('proxy-authenticate', 'Basic');
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.setHeader('x-end', 'service');
      response.end();
    };
    const { url } = await gateway({ users: [users.url] });
    const received = await sendRequest(`${url}/users/me`, {
      headers: {
        connection: 'x-hop, X-Forwarded-For, x-request-id, upgrade, te',
        'x-hop': 'client',
        'x-end': 'client',
        'x-request-id': 'mine',
        'keep-alive': 'timeout=9',
        'proxy-connection': 'keep-alive',
        'proxy-authorization': 'Basic',
        te: 'trailers',
        upgrade: 'h2c',
      },
    });
    const removed = [
      'x-hop',
      'keep-alive',
      'proxy-connection',
      'proxy-authorization',
      'te',
      'upgrade',
    ];
    const forwarded = users.seen[0]?.headers ?? {};
    for (const name of removed) expect(forwarded).not.toHaveProperty(name);
    expect(forwarded).toMatchObject({
      'x-end': 'client',
      'x-forwarded-for': '127.0.0.1',
      'x-request-id': 'mine',
    });
    expect(received.headers).not.toHaveProperty('x-hop');
    expect(received.headers).not.toHaveProperty('proxy-authenticate');
    expect(received.headers).toMatchObject({ 'x-end': 'service', 'set-cookie': ['a=1', 'b=2'] });
    received.resume();
  });

  it('follows the HTTP rules for HEAD, 204, 304, 100-continue and HTTP/1.0', async () => {
    const users = await upstream('users');
    users.respond = ({ method, url = '' }, response, body) => {
      const status = Number(/\d+$/.exec(url)?.[0] ?? 200);
      response.statusCode = status;
      if (method === 'HEAD') response.setHeader('content-length', 5).end();
      else if (status === 200) response.write(body || 'whole', () => response.end());
      else response.end();
    };
    const { url, port } = await gateway({ users: [users.url] });
    const sendRaw = (...lines: string[]): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      socket.write(lines.join('\r\n'));
      return text(socket);
    };
    const head = await sendRequest(`${url}/users/me`, { method: 'HEAD' });
    expect([head.statusCode, head.headers['content-length']]).toEqual([200, '5']);
    for (const status of [204, 304]) {
      const empty = await sendRequest(`${url}/users/${status}`, {});
      expect([empty.statusCode, await text(empty)]).toEqual([status, '']);
    }
    const requestLines = ['POST /auth/login HTTP/1.1', 'Host: chat', 'Connection: close'];
    expect(
      await sendRaw(...requestLines, 'Expect: 100-continue', 'Content-Length: 4', '', 'body'),
    ).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*body/);
    const http10 = await sendRaw('GET /users/me HTTP/1.0', 'Host: chat', '', '');
    expect(http10).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nwhole$/);
    expect(http10.toLowerCase()).not.toContain('transfer-encoding');
  });
});

/** A service in a separate process: tests in a file share one process and its file descriptors. */
const SERVICE = `
  const server = require('node:http').createServer((_request, response) => {
    response.setHeader('x-instance-id', 'one').end();
  });
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 OK\\r\\nUpgrade: websocket\\r\\nConnection: upgrade\\r\\n\\r\\n');
    socket.on('error', () => undefined).on('data', (data) => socket.write(data));
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;

async function startServiceProcess(): Promise<string> {
  const service = spawn(process.execPath, ['-e', SERVICE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  open.push({ close: () => void service.kill() });
  const [port] = (await once(service.stdout, 'data')) as [Buffer];
  return `http://127.0.0.1:${port.toString()}`;
}

describeWithProgram('prlimit', 'the gateway when file descriptors are exhausted', () => {
  it('returns 503 with Retry-After and keeps existing sockets open', async () => {
    const url = await startServiceProcess();
    const running = await gateway({ users: [url], chat: [url] }, { retryForMs: 600_000 });
    const upgrade =
      'GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: chat\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const socket = connect(running.port, '127.0.0.1');
    const lateSocket = connect(running.port, '127.0.0.1');
    open.push({ close: () => void [socket, lateSocket].map((opened) => opened.destroy()) });
    socket.write(upgrade);
    expect(String((await once(socket, 'data'))[0])).toContain('101');
    await eventually(async () => expect(await running.connections()).toBe(2));

    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    open.push({ close: () => agent.destroy() });
    const login = async (): Promise<IncomingMessage> => {
      const options = { method: 'POST', agent };
      const response = await sendRequest(`${running.url}/auth/login`, options, '{}');
      response.resume();
      await once(response, 'end');
      return response;
    };
    (await sendRequest(`${running.url}/health/live`, { agent })).resume();
    const releaseFileDescriptors = await exhaustFileDescriptors();
    try {
      const rejected = await login();
      expect(rejected.statusCode).toBe(503);
      expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(0);
      lateSocket.write(upgrade);
      expect(await text(lateSocket)).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/);
      // Until probes have also failed, often enough for the instance to count as lost.
      await eventually(async () => {
        const [, count] =
          /local_failures_total\{code="EMFILE"\} (\d+)/.exec(await running.metrics()) ?? [];
        expect(Number(count)).toBeGreaterThan(10);
      });
      socket.write('still here');
      expect(String((await once(socket, 'data'))[0])).toBe('still here');
    } finally {
      await releaseFileDescriptors();
    }
    expect((await login()).statusCode).toBe(200);
  });
});
