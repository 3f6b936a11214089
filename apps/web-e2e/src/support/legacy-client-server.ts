import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { reservePort } from '@chat/testing';

const PAGE = new URL('../../legacy-client.html', import.meta.url);
const SOCKET_IO = join(
  dirname(createRequire(import.meta.url).resolve('socket.io-client/package.json')),
  'dist/socket.io.js',
);

/** Serves the legacy client's page and Socket.IO's browser bundle, cross-origin to the server. */
export async function serveLegacyClient(): Promise<{ url: string; server: Server }> {
  const port = await reservePort();
  const server = createServer((request, response) => {
    const isScript = request.url === '/socket.io.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    readFile(isScript ? SOCKET_IO : PAGE).then(
      (content) => response.end(content),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://localhost:${port}`, server };
}
