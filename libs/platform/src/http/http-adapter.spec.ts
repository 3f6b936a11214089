import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import { HttpAdapter } from './http-adapter.ts';

@Controller()
class EchoController {
  @Get()
  get(): string {
    return 'got';
  }

  @Post()
  async post(@Req() request: Request): Promise<string> {
    return `posted ${await text(request)}`;
  }
}

@Module({ controllers: [EchoController] })
class App {}

describe('a request with an Upgrade header', () => {
  let app: NestExpressApplication | undefined;
  afterEach(async () => {
    await app?.close();
  });

  async function start({ sockets }: { sockets: boolean }): Promise<number> {
    app = await NestFactory.create<NestExpressApplication>(App, new HttpAdapter(), {
      logger: false,
      bodyParser: false,
    });
    const server: Server = app.getHttpServer();
    if (sockets) {
      server.on('upgrade', (_request, socket) => {
        socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      });
    }
    await app.listen(0, '127.0.0.1');
    return (server.address() as AddressInfo).port;
  }

  const send = (port: number, lines: readonly string[], body = ''): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.write([...lines, 'Host: chat', '', body].join('\r\n'));
    return text(socket);
  };

  const H2C = [
    'Connection: close, Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
  ];
  const WEBSOCKET = ['Connection: close, Upgrade', 'Upgrade: websocket'];

  it.each([true, false])(
    'is handled as HTTP/1.1 when it requests h2c (server has sockets: %s)',
    async (sockets) => {
      const port = await start({ sockets });
      const response = await send(port, ['GET / HTTP/1.1', ...H2C]);
      expect(response).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ngot$/);
    },
  );

  it.each([
    ['with a known length', 'Content-Length: 4', 'body'],
    ['in chunks', 'Transfer-Encoding: chunked', '4\r\nbody\r\n0\r\n\r\n'],
  ])('keeps its body %s when it requests h2c', async (_encoding, length, body) => {
    const port = await start({ sockets: true });
    const response = await send(port, ['POST / HTTP/1.1', ...H2C, length], body);
    expect(response).toMatch(/^HTTP\/1\.1 201 Created\r\n[^]*\r\n\r\nposted body$/);
  });

  it('leaves the connection open for the next request when it requests h2c', async () => {
    const port = await start({ sockets: true });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: chat\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    await once(socket, 'data');
    socket.write('GET /next HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toMatch(/HTTP\/1\.1 404 Not Found/);
  });

  it('switches to WebSocket on the path of Socket.IO only', async () => {
    const port = await start({ sockets: true });
    const first = async (path: string): Promise<string | undefined> =>
      (await send(port, [`GET ${path} HTTP/1.1`, ...WEBSOCKET])).split('\r\n')[0];
    expect(await first('/socket.io/?EIO=4')).toBe('HTTP/1.1 101 Switching Protocols');
    expect(await first('/')).toBe('HTTP/1.1 200 OK');
  });

  it('is handled as HTTP/1.1 when it requests a WebSocket from a server without sockets', async () => {
    const port = await start({ sockets: false });
    const response = await send(port, ['GET /socket.io/ HTTP/1.1', ...WEBSOCKET]);
    expect(response).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  });
});
