import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { exhaustFileDescriptors } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { z } from 'zod';
import { ServiceCredentials } from './credentials/service-credentials.ts';
import { ServiceClient } from './service-client.ts';

const credentials = new ServiceCredentials({ secret: 'x'.repeat(40), accessTokenTtlSeconds: 60 });
const Result = z.object({ from: z.string() });
const TIMEOUT_MS = 1_500;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const startInstance = (from: string) =>
  serve((_request, response) => {
    response.end(JSON.stringify({ from }));
  });

const client = (...urls: string[]) =>
  new ServiceClient({ name: 'users', urls, timeoutMs: TIMEOUT_MS }, credentials);

/** For tests that do not depend on the timeout. */
const longTimeoutClient = (url: string) =>
  new ServiceClient({ name: 'users', urls: [url], timeoutMs: 30_000 }, credentials);

describe('ServiceClient', () => {
  const unreachableUrl = async (): Promise<string> => {
    const url = await startInstance('unreachable');
    const server = servers.pop();
    server?.close();
    if (server) await once(server, 'close');
    return url;
  };

  it('sends the request with a credential that services accept', async () => {
    const seen: { path?: string | undefined; token: string; body: unknown }[] = [];
    const url = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const token = (request.headers.authorization ?? '').replace('Bearer ', '');
        seen.push({ path: request.url, token, body: JSON.parse(body) });
        response.end(JSON.stringify({ from: 'users-1' }));
      });
    });
    expect(await longTimeoutClient(url).call('/internal/call', { value: 1 }, Result)).toEqual({
      from: 'users-1',
    });
    expect(seen).toMatchObject([{ path: '/internal/call', body: { value: 1 } }]);
    await expect(credentials.verify(seen[0]?.token ?? '')).resolves.toBeUndefined();
  });

  it('distributes calls across instances round-robin', async () => {
    const users = client(await startInstance('users-1'), await startInstance('users-2'));
    const from = new Set<string>();
    for (let n = 0; n < 4; n += 1) from.add((await users.call('/', {}, Result)).from);
    expect([...from].toSorted()).toEqual(['users-1', 'users-2']);
  });

  it('retries a failed call on a different instance and skips the failed instance for 2 s', async () => {
    let unanswered = 0;
    const unresponsive = await serve(() => void (unanswered += 1));
    const users = client(await unreachableUrl(), unresponsive, await startInstance('users-3'));
    for (let n = 0; n < 18; n += 1) {
      expect(await users.call('/', {}, Result)).toEqual({ from: 'users-3' });
    }
    // Without the 2 s of avoidance, round-robin would send it six calls.
    expect(unanswered).toBeGreaterThan(0);
    expect(unanswered).toBeLessThan(4);
  });

  it('makes 1,000 calls, 800 of them concurrently, over few persistent connections', async () => {
    const sockets = new Set<Socket>();
    const url = await serve(({ socket }, response) => {
      sockets.add(socket);
      response.end(JSON.stringify({ from: 'users-1' }));
    });
    const users = new ServiceClient({ name: 'users', urls: [url], timeoutMs: 30_000 }, credentials);
    for (let n = 0; n < 200; n += 1) await users.call('/', {}, Result);
    expect(sockets.size).toBeLessThan(10);
    await Promise.all(Array.from({ length: 800 }, () => users.call('/', {}, Result)));
    expect(sockets.size).toBeLessThan(10 + 128);
  });

  it('rejects calls that time out while waiting for a connection', async () => {
    const users = client(await serve(() => undefined));
    const calls = Array.from({ length: 400 }, () => users.call('/', {}, Result));
    const outcomes = await Promise.allSettled(calls);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
    }
  });

  it('rejects with UNAVAILABLE when no instance is reachable or responds in time', async () => {
    await expect(client(await unreachableUrl()).call('/', {}, Result)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The users service is unavailable. Please try again.',
    });
    await expect(client(await serve(() => undefined)).call('/', {}, Result)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('rejects with the error that the service returns', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(429, { 'retry-after': '2' });
      response.end(
        JSON.stringify({
          statusCode: 429,
          error: 'Too Many Requests',
          code: 'RATE_LIMITED',
          message: 'Too many requests.',
          requestId: 'r',
        }),
      );
    });
    await expect(client(url).call('/', {}, Result)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: 'Too many requests.',
      options: { retryAfterMs: 2_000 },
    });
  });

  it('rejects with UNAVAILABLE, not UNAUTHORIZED, when the service rejects the credential', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(401);
      response.end(
        JSON.stringify({
          statusCode: 401,
          error: 'Unauthorized',
          code: 'UNAUTHORIZED',
          message: 'This endpoint is for internal services only.',
          requestId: 'r',
        }),
      );
    });
    await expect(client(url).call('/', {}, Result)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('rejects with UNAVAILABLE when the response is not JSON', async () => {
    const url = await serve((_request, response) => response.end('<html>'));
    await expect(client(url).call('/', {}, Result)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describeWithProgram('prlimit', 'ServiceClient when file descriptors are exhausted', () => {
  it('rejects with UNAVAILABLE and keeps all instances in rotation', async () => {
    const users = client(await startInstance('users-1'), await startInstance('users-2'));
    const releaseFileDescriptors = await exhaustFileDescriptors();
    try {
      await expect(users.call('/', {}, Result)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: 'The server is overloaded. Please try again.',
      });
    } finally {
      await releaseFileDescriptors();
    }
    const from = new Set<string>();
    for (let n = 0; n < 4; n += 1) from.add((await users.call('/', {}, Result)).from);
    expect([...from].toSorted()).toEqual(['users-1', 'users-2']);
  });
});
