import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { networkOf, RateLimiter, requestIdOf } from '@chat/platform';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { createProxyServer } from 'http-proxy-3';
import { GatewayMetrics } from '../gateway-metrics.ts';
import { GatewaySettings } from '../gateway-settings.ts';
import { sessionInstanceOf } from '../routes.ts';
import { LocalFailureError } from '../upstreams/instance.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { nameClient, type TrustProxy } from './client-address.ts';
import { ConnectedAgent } from './connected-agent.ts';
import { connectTo, connectToAny, type Connected } from './connecting.ts';

/** Longest wait for a service to agree to an upgrade. */
const UPGRADE_TIMEOUT_MS = 10_000;
/** How long a client that is slow gets what it was sent before the end. */
const LAST_WORDS_MS = 3_000;

/** Passes WebSockets to the instance of their session, both ways, for as long as they last. */
@Injectable()
export class UpgradeForwarder implements BeforeApplicationShutdown {
  readonly #logger = new Logger('Upgrades');
  readonly #proxy = createProxyServer();
  readonly #clients = new Set<Duplex>();
  /** Limits of the time in which services agree, by the connections to them. */
  readonly #agreeing = new WeakMap<Socket, NodeJS.Timeout>();
  #server: Server | undefined;

  constructor(
    private readonly settings: GatewaySettings,
    private readonly limiter: RateLimiter,
    private readonly upstreams: Upstreams,
    private readonly metrics: GatewayMetrics,
  ) {
    this.#proxy.on('open', (socket) => this.#settle(socket));
    // Told of by the connection's close, too, which ends the other side.
    this.#proxy.on('error', () => undefined);
  }

  /** To be called once. */
  attach(server: Server, trusted: TrustProxy): void {
    this.#server = server;
    server.on('upgrade', (request: IncomingMessage, client: Duplex, head: Buffer) => {
      client.on('error', () => client.destroy());
      this.#upgrade(request, client, head, trusted).catch((error: unknown) => {
        this.#logger.error({ err: error }, 'an upgrade failed unexpectedly');
        client.destroy();
      });
    });
  }

  /** Takes nothing new, and ends every socket: clients connect again, to another gateway. */
  beforeApplicationShutdown(): void {
    this.#server?.close();
    for (const client of this.#clients) end(client);
  }

  async #upgrade(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    trusted: TrustProxy,
  ): Promise<void> {
    const { url = '' } = request;
    const address = nameClient(request, trusted);
    const waitMs = await this.limiter.take(`gateway:${networkOf(address)}`, this.settings.limit);
    if (waitMs > 0) {
      return answer(client, '429 Too Many Requests', Math.ceil(waitMs / 1_000));
    }
    if (this.#clients.size >= this.settings.maxSockets) {
      this.#logger.warn('A socket was refused: as many as are allowed pass through already.');
      return answer(client, '503 Service Unavailable', 10);
    }
    this.#count(client);
    const connected = await this.#connect(url, client).catch((error: unknown) => {
      if (error instanceof LocalFailureError) return undefined;
      throw error;
    });
    if (connected === 'unknown session') return answer(client, '400 Bad Request');
    if (!connected) return answer(client, '503 Service Unavailable', 1);
    if (client.destroyed) return void connected.socket.destroy();
    request.headers['x-request-id'] = requestIdOf(request);
    this.#join(request, client, head, connected);
  }

  #count(client: Duplex): void {
    this.#clients.add(client);
    this.metrics.sockets(this.#clients.size);
    client.once('close', () => {
      this.#clients.delete(client);
      this.metrics.sockets(this.#clients.size);
    });
  }

  async #connect(url: string, client: Duplex): Promise<Connected | 'unknown session' | undefined> {
    const pool = this.upstreams.chat;
    const instanceId = sessionInstanceOf(url);
    if (instanceId !== undefined) {
      const instance = await pool.ofId(instanceId);
      return instance ? connectTo(instance, pool) : 'unknown session';
    }
    const gone = new AbortController();
    client.once('close', () => gone.abort());
    return connectToAny(pool, this.settings.retryForMs, gone.signal);
  }

  #join(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    { instance, socket }: Connected,
  ): void {
    this.#agreeing.set(
      socket,
      setTimeout(() => socket.destroy(), UPGRADE_TIMEOUT_MS),
    );
    socket.once('close', () => {
      this.#settle(socket);
      end(client);
    });
    client.once('close', () => socket.destroy());
    const options = { target: instance.url, agent: new ConnectedAgent(socket), toProxy: true };
    this.#proxy.ws(request, client, head, options, () => {
      if (this.#agreeing.has(socket)) answer(client, '502 Bad Gateway', 1);
      else client.destroy();
    });
  }

  /** The service has agreed to the upgrade, or never will. */
  #settle(socket: Socket): void {
    clearTimeout(this.#agreeing.get(socket));
    this.#agreeing.delete(socket);
  }
}

/** An answer to a request that asked for an upgrade, which ends the connection. */
function answer(client: Duplex, status: string, retryAfterSeconds?: number): void {
  const retry = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
  client.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`);
  end(client);
}

/** Ends a connection whether its other end closes it too or not: without HTTP nobody else looks. */
function end(client: Duplex): void {
  const late = setTimeout(() => client.destroy(), LAST_WORDS_MS);
  client.once('close', () => clearTimeout(late));
  client.end(() => client.destroy());
}
