import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { reservePort } from '@chat/testing';

/** Fake service behind the gateway. */
export class Upstream {
  /** Requests received, except probes. */
  readonly seen: {
    method: string;
    url: string;
    headers: IncomingMessage['headers'];
    body: string;
  }[] = [];
  /** Status of /health/live; undefined to never respond. */
  live: number | undefined = 200;
  /** Delay of /health/live, in milliseconds. */
  liveAfterMs = 0;
  probeResponses = 0;
  respond: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  /** Connections that carried at least one request other than a probe. */
  readonly usedConnections = new Set<Socket>();
  /** Requests whose body was aborted. */
  abortedBodies = 0;
  /** Whether it responds with 413 as soon as it has read the headers. */
  rejectBodies = false;
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly id: string,
    readonly server: Server,
  ) {
    this.respond = (_request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ from: id }));
    };
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      if (request.url?.startsWith('/socket.io')) return;
      this.#handle(request, response).catch(() => (this.abortedBodies += 1));
    });
  }

  static async start(id: string, port?: number): Promise<Upstream> {
    const upstream = new Upstream(id, createServer());
    upstream.server.listen(port ?? (await reservePort()), '127.0.0.1');
    await once(upstream.server, 'listening');
    return upstream;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  closeConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.closeConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    if (url === '/health/live' || url === '/health/ready') {
      if (this.liveAfterMs > 0) await delay(this.liveAfterMs);
      if (this.live === undefined) return;
      response.writeHead(this.live, { 'x-instance-id': this.id }).end();
      this.probeResponses += 1;
      return;
    }
    this.usedConnections.add(request.socket);
    if (this.rejectBodies) return void response.writeHead(413).end();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    this.seen.push({ method, url, headers, body });
    this.respond(request, response, body);
  }
}
