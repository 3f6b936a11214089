import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@chat/testing';
import { FAST_PROBE_OPTIONS, startGateway, type Gateway } from '../../test/gateway.ts';
import { Upstream } from '../../test/upstream.ts';

describe('the gateway', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const closable of open.splice(0).toReversed()) await closable.close();
  });

  const startUpstream = async (id: string): Promise<Upstream> => {
    const started = await Upstream.start(id);
    open.push({ close: () => started.stop() });
    return started;
  };
  const gateway = async (...call: Parameters<typeof startGateway>): Promise<Gateway> => {
    const started = await startGateway(...call);
    open.push(started);
    return started;
  };
  /** @param request must include `Connection: close` */
  const sendRaw = (port: number, request: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.write(request);
    return text(socket);
  };
  const servedBy = async (url: string, init?: RequestInit): Promise<unknown> =>
    ((await (await fetch(url, init)).json()) as { from?: string }).from;

  it('forwards a request unchanged to the service for its path, and returns 404 for other paths', async () => {
    const [users, messages] = [await startUpstream('users'), await startUpstream('messages')];
    const { url } = await gateway({ users: [users.url], messages: [messages.url] });
    const login = { method: 'POST', body: '{"a":1}' };
    expect(await servedBy(`${url}/auth/login?x=1`, login)).toBe('users');
    expect(await servedBy(`${url}/rooms/general`)).toBe('messages');
    expect(await servedBy(`${url}/messages/history/general?limit=2`)).toBe('messages');
    expect(users.seen).toMatchObject([{ method: 'POST', url: '/auth/login?x=1', body: '{"a":1}' }]);
    expect(messages.seen.map((request) => request.url)).toEqual([
      '/rooms/general',
      '/messages/history/general?limit=2',
    ]);
    for (const path of ['/internal/rooms/role', '/metrics', '/nothing']) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  });

  it('forwards a request with the dot segments in its path intact', async () => {
    const users = await startUpstream('users');
    const { port } = await gateway({ users: [users.url] });
    for (const path of ['/auth/../internal/sessions', '/auth/%2e%2e/internal/sessions']) {
      await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n`);
      expect(users.seen.at(-1)?.url).toBe(path);
    }
  });

  it.each(['DELETE', 'OPTIONS', 'POST'])(
    'does not allow request smuggling through a %s body',
    async (method) => {
      const users = await startUpstream('users');
      const { port } = await gateway({ users: [users.url] });
      const inner = 'POST /auth/register HTTP/1.1\r\nHost: chat\r\nContent-Length: 2\r\n\r\n{}';
      const socket = connect(port, '127.0.0.1');
      open.push({ close: () => Promise.resolve(void socket.destroy()) });
      socket.write(
        `${method} /auth/sessions/a HTTP/1.1\r\nHost: chat\r\nConnection: keep-alive\r\n` +
          `Transfer-Encoding: chunked\r\n\r\n` +
          `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      );
      await once(socket, 'data');
      socket.write('GET /users/me HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n');
      await text(socket);
      expect(users.seen.map((request) => request.method)).toEqual([method, 'GET']);
    },
  );

  it('aborts a response that the service aborts', async () => {
    const users = await startUpstream('users');
    users.respond = (request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => setTimeout(() => request.socket.destroy(), 50));
    };
    const { url } = await gateway({ users: [users.url] });
    const response = await fetch(`${url}/users/me`, { signal: AbortSignal.timeout(5_000) });
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it("does not forward the service's Connection header to the client", async () => {
    const users = await startUpstream('users');
    const { port, server } = await gateway({ users: [users.url] });
    let keepAlive = true;
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = keepAlive;
    });
    const agent = new Agent({ keepAlive: true });
    for (const [sent, connection] of [
      ['close', 'keep-alive'],
      ['keep-alive', 'close'],
    ]) {
      keepAlive = connection === 'keep-alive';
      users.respond = (_request, response) => response.setHeader('connection', sent ?? '').end();
      const clientRequest = get({ host: '127.0.0.1', port, path: '/users/me', agent });
      const [response] = (await once(clientRequest, 'response')) as [IncomingMessage];
      await text(response);
      expect(response.headers.connection).toBe(connection);
    }
    agent.destroy();
  });

  it('distributes requests evenly across the live instances', async () => {
    const [users1, users2] = [await startUpstream('users-1'), await startUpstream('users-2')];
    const { url } = await gateway({ users: [users1.url, users2.url] });
    for (let n = 0; n < 10; n += 1) await fetch(`${url}/users/me`);
    expect([users1.seen.length, users2.seen.length]).toEqual([5, 5]);
  });

  it('skips an instance that does not respond or is stopping, until it recovers', async () => {
    const [users1, users2] = [await startUpstream('users-1'), await startUpstream('users-2')];
    const { url } = await gateway(
      { users: [users1.url, users2.url] },
      { pool: FAST_PROBE_OPTIONS },
    );
    const seenByUsers1 = async (): Promise<number> => {
      const before = users1.seen.length;
      for (let n = 0; n < 4; n += 1) await fetch(`${url}/users/me`);
      return users1.seen.length - before;
    };
    for (const live of [503, undefined]) {
      users1.live = live;
      await eventually(async () => expect(await seenByUsers1()).toBe(0));
      users1.live = 200;
      await eventually(async () => expect(await seenByUsers1()).toBe(2));
    }
  });

  it('sends a request in full to a different instance when one refuses the connection', async () => {
    const [users1, users2] = [await startUpstream('users-1'), await startUpstream('users-2')];
    const { url } = await gateway(
      { users: [users1.url, users2.url] },
      { pool: { ...FAST_PROBE_OPTIONS, probeIntervalMs: 60_000, probeTimeoutMs: 5_000 } },
    );
    await users1.stop();
    const body = JSON.stringify({ text: 'x'.repeat(50_000) });
    for (let n = 0; n < 4; n += 1) {
      expect(await servedBy(`${url}/auth/register`, { method: 'POST', body })).toBe('users-2');
    }
    expect(users2.seen.map((request) => request.body)).toEqual([body, body, body, body]);
  });

  it('waits for an instance to become available, and returns 503 when none does', async () => {
    const users = await startUpstream('users');
    const { url } = await gateway({ users: [users.url] });
    const { port } = users;
    await users.stop();
    const rejected = await fetch(`${url}/users/me`);
    expect(rejected.status).toBe(503);
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await rejected.json()).toMatchObject({
      statusCode: 503,
      code: 'UNAVAILABLE',
      message: 'The users service is unavailable. Please try again.',
      requestId: rejected.headers.get('x-request-id'),
    });
    const waiting = servedBy(`${url}/users/me`);
    await delay(200);
    const restarted = await Upstream.start('restarted', port);
    open.push({ close: () => restarted.stop() });
    expect(await waiting).toBe('restarted');
  });

  it('retries a GET after a lost connection, but never a POST', async () => {
    const [users1, users2] = [await startUpstream('users-1'), await startUpstream('users-2')];
    users1.respond = (request) => request.socket.resetAndDestroy();
    const { url } = await gateway({ users: [users1.url, users2.url] });
    for (let n = 0; n < 4; n += 1) expect(await servedBy(`${url}/users/me`)).toBe('users-2');
    users2.respond = users1.respond;
    const before = users1.seen.length + users2.seen.length;
    const post = await fetch(`${url}/auth/register`, { method: 'POST', body: '{}' });
    expect([post.status, ((await post.json()) as { code: string }).code]).toEqual([
      502,
      'UNAVAILABLE',
    ]);
    expect(users1.seen.length + users2.seen.length).toBe(before + 1);
  });

  it('returns 504 when the service does not respond in time', async () => {
    const users = await startUpstream('users');
    users.respond = () => undefined;
    const { url } = await gateway({ users: [users.url] }, { timeoutMs: 500 });
    const timedOut = await fetch(`${url}/auth/register`, { method: 'POST', body: '{}' });
    expect(timedOut.status).toBe(504);
    expect(await timedOut.json()).toMatchObject({
      statusCode: 504,
      code: 'UNAVAILABLE',
      message: 'The users service did not respond in time. Please try again.',
    });
  });

  it('keeps the request id of the client', async () => {
    const users = await startUpstream('users');
    const { url } = await gateway({ users: [users.url] });
    const response = await fetch(`${url}/users/me`, { headers: { 'x-request-id': 'my-id' } });
    expect(response.headers.get('x-request-id')).toBe('my-id');
    expect(users.seen).toMatchObject([{ headers: { 'x-request-id': 'my-id' } }]);
  });

  it('keeps X-Forwarded-For only from a trusted proxy', async () => {
    const users = await startUpstream('users');
    const direct = await gateway({ users: [users.url] });
    const behindProxy = await gateway({ users: [users.url] }, { trustProxy: ['127.0.0.1'] });
    const headers = { 'x-forwarded-for': '6.6.6.6, 7.7.7.7', 'x-forwarded-proto': 'https' };
    for (const { url } of [direct, behindProxy]) await fetch(`${url}/users/me`, { headers });
    expect(
      users.seen.map(({ headers: received }) => [
        received['x-forwarded-for'],
        received['x-forwarded-proto'],
      ]),
    ).toEqual([
      ['127.0.0.1', 'http'],
      ['7.7.7.7', 'https'],
    ]);
  });

  it('returns 429 beyond the rate limit of an address', async () => {
    const users = await startUpstream('users');
    const { url } = await gateway(
      { users: [users.url] },
      { limit: { points: 1, windowMs: 60_000, burst: 3 } },
    );
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await fetch(`${url}/users/me`)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const rejected = await fetch(`${url}/users/me`);
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await rejected.json()).toMatchObject({ code: 'RATE_LIMITED' });
    expect(users.seen).toHaveLength(3);
  });

  it('applies the rate limit to the /64 network of an IPv6 address', async () => {
    const users = await startUpstream('users');
    const { url } = await gateway(
      { users: [users.url] },
      { limit: { points: 1, windowMs: 60_000, burst: 3 }, trustProxy: ['127.0.0.1'] },
    );
    const statusFor = async (address: string): Promise<number> =>
      (await fetch(`${url}/users/me`, { headers: { 'x-forwarded-for': address } })).status;
    for (let host = 0; host < 3; host += 1) {
      expect(await statusFor(`2001:db8:0:1:${host}::1`)).toBe(200);
    }
    expect(await statusFor('2001:db8:0:1:ffff::1')).toBe(429);
    expect(await statusFor('2001:db8:0:2::1')).toBe(200);
  });

  it('serves later requests after a client has disconnected early', async () => {
    const users = await startUpstream('users');
    const received = Promise.withResolvers<void>();
    users.respond = () => received.resolve();
    const { url } = await gateway({ users: [users.url] });
    const disconnect = new AbortController();
    const pending = fetch(`${url}/users/me`, { signal: disconnect.signal });
    await received.promise;
    disconnect.abort();
    await expect(pending).rejects.toThrow();
    users.respond = (_request, response) => response.end('{"from":"users"}');
    expect(await servedBy(`${url}/users/me`)).toBe('users');
  });
});
