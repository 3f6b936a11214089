import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpError } from '@chat/contracts';
import { eventually, reservePort, programPath } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOT } from '../nx.ts';

const PAGE = '<!doctype html><title>Chat</title>';

/** Runs nginx with the configuration of the image, except for addresses and folders. */
describeWithProgram('nginx', 'the nginx for the page', () => {
  const gateway = createServer();
  const forwarded: IncomingMessage[] = [];
  const published: Record<number, number> = {};
  let folder: string;
  let nginx: ChildProcess;
  let output = '';
  const urlOf = (path: string, port = 8080): string => `http://127.0.0.1:${published[port]}${path}`;

  beforeAll(async () => {
    gateway.on('request', (request: IncomingMessage, response) => {
      forwarded.push(request);
      request.resume();
      response.setHeader('content-type', 'application/json').end(JSON.stringify(request.url));
    });
    gateway.on('upgrade', (request: IncomingMessage, socket) => {
      forwarded.push(request);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      socket.pipe(socket);
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    folder = await mkdtemp(join(tmpdir(), 'chat-nginx-'));
    await chmod(folder, 0o755);
    await cp(join(ROOT, 'docker/nginx'), folder, { recursive: true });
    await cp('/etc/nginx/mime.types', join(folder, 'mime.types'));
    await mkdir(join(folder, 'html/assets'), { recursive: true });
    await writeFile(join(folder, 'html/index.html'), PAGE);
    await writeFile(join(folder, 'html/assets/app-1a2b.js'), 'export {};');
    for (const port of [8080, 3001, 3002, 3003]) published[port] = await reservePort();
    const upstream = `127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    for (const file of await readdir(folder)) {
      if (!file.endsWith('.conf')) continue;
      const text = await readFile(join(folder, file), 'utf8');
      await writeFile(
        join(folder, file),
        text
          .replaceAll(' /tmp/', ` ${folder}/`)
          .replaceAll('/etc/nginx/', `${folder}/`)
          .replaceAll('/usr/share/nginx/html', `${folder}/html`)
          .replaceAll('gateway-of-page:3000', upstream)
          .replaceAll(
            /listen (\d+);/g,
            (_all, port) => `listen 127.0.0.1:${published[Number(port)]};`,
          ),
      );
    }
    nginx = spawn(programPath('nginx'), [
      ...['-e', 'stderr', '-c', join(folder, 'nginx.conf')],
      ...['-g', 'daemon off;'],
    ]);
    nginx.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(async () => {
      if (nginx.exitCode !== null) throw new Error(output);
      await fetch(urlOf('/'));
    });
  });
  afterAll(async () => {
    if (nginx.exitCode === null) {
      const exited = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await exited;
    }
    gateway.close();
    gateway.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  it('logs no warnings or errors at startup', () => {
    expect(output).not.toMatch(/\[(warn|error|crit|alert|emerg)\]/);
  });

  it.each(['/', '/chat/general', '/metrics', '/internal/sessions'])(
    'serves %s itself, with the page and Cache-Control: no-cache',
    async (path) => {
      const response = await fetch(urlOf(path));
      expect([response.status, await response.text()]).toEqual([200, PAGE]);
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(forwarded).toEqual([]);
    },
  );

  it('serves an asset as immutable and returns 404 for a missing asset', async () => {
    const asset = await fetch(urlOf('/assets/app-1a2b.js'));
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toMatch('javascript');
    expect((await fetch(urlOf('/assets/none.js'))).status).toBe(404);
  });

  it.each(['/', '/assets/app-1a2b.js'])('sends each security header once for %s', async (path) => {
    const { headers } = await fetch(urlOf(path));
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'self';[^,]*$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    [8080, '/auth/login'],
    [8080, '/socket.io/?EIO=4&transport=polling'],
    [8080, '/docs'],
    [3001, '/auth/login'],
    [3002, '/messages/history/general?limit=2'],
    [3003, '/socket.io/?EIO=4&transport=polling'],
  ])('on port %i proxies %s to the gateway with the address of the client', async (port, path) => {
    const response = await fetch(urlOf(path, port), {
      headers: { 'x-forwarded-for': '203.0.113.9' },
    });
    expect(await response.json()).toBe(path);
    const { headers } = forwarded.at(-1) ?? {};
    expect(headers?.['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers?.['x-forwarded-host']).toBe(`127.0.0.1:${published[port]}`);
  });

  it.each([8080, 3001])('on port %i returns 413 TOO_LARGE for a body of 1.1 MB', async (port) => {
    const body = 'x'.repeat(1_100_000);
    const response = await fetch(urlOf('/auth/login', port), { method: 'POST', body });
    expect(response.status).toBe(413);
    expect(HttpError.parse(await response.json()).code).toBe('TOO_LARGE');
  });

  it.each([8080, 3003])('on port %i proxies WebSockets to the gateway', async (port) => {
    const socket = connect(published[port] ?? 0, '127.0.0.1');
    socket.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: chat\r\n' +
        'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const [response] = (await once(socket, 'data')) as [Buffer];
    expect(response.toString()).toMatch(/^HTTP\/1\.1 101 /);
    socket.write('ping');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    expect(echo.toString()).toBe('ping');
    socket.destroy();
  });

  it('returns 503 UNAVAILABLE with Retry-After when the gateway is unreachable', async () => {
    gateway.close();
    gateway.closeAllConnections();
    const response = await fetch(urlOf('/rooms'));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(HttpError.parse(await response.json()).code).toBe('UNAVAILABLE');
  });
});
