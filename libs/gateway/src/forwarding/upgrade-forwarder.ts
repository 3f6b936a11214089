import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { networkOf } from '@chat/platform/http';
import { RateLimiter } from '@chat/platform/limits';
import { requestIdOf } from '@chat/platform/logging';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { createProxyServer } from 'http-proxy-3';
import { GatewayMetrics } from '../gateway-metrics.ts';
import { GatewaySettings } from '../gateway-settings.ts';
import { sessionInstanceOf } from '../routes.ts';
import { LocalFailureError } from '../upstreams/instance.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { setForwardedHeaders, type TrustProxy } from './client-address.ts';
import { ConnectedAgent } from './connected-agent.ts';
import { connectTo, connectToAnyInstance, type InstanceConnection } from './instance-connection.ts';

/** Timeout for a service to accept an upgrade. */
const UPGRADE_TIMEOUT_MS = 10_000;
/** How long a slow client may take to read what was sent before it is disconnected. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Forwards WebSockets to the instance that owns their session. */
@Injectable()
export class UpgradeForwarder implements BeforeApplicationShutdown {
  readonly #logger = new Logger('Upgrades');
  readonly #proxy = createProxyServer();
  readonly #clients = new Set<Duplex>();
  /** Upgrade timeouts, by the connection to the service; absent once the upgrade is accepted. */
  readonly #upgradeTimers = new WeakMap<Socket, NodeJS.Timeout>();
  #server: Server | undefined;

  constructor(
    private readonly settings: GatewaySettings,
    private readonly limiter: RateLimiter,
    private readonly upstreams: Upstreams,
    private readonly metrics: GatewayMetrics,
  ) {
    this.#proxy.on('open', (socket) => this.#clearUpgradeTimer(socket));
    // The connection's close event follows, and closes the other side.
    this.#proxy.on('error', () => undefined);
  }

  /** Handles the upgrade requests of `server`. Must be called once. */
  attach(server: Server, trusted: TrustProxy): void {
    this.#server = server;
    server.on('upgrade', (request: IncomingMessage, client: Duplex, head: Buffer) => {
      client.on('error', () => client.destroy());
      this.#upgrade(request, client, head, trusted).catch((error: unknown) => {
        this.#logger.error({ err: error }, 'upgrade failed');
        client.destroy();
      });
    });
  }

  /** Stops accepting connections and closes all sockets; clients reconnect to another gateway. */
  beforeApplicationShutdown(): void {
    this.#server?.close();
    for (const client of this.#clients) closeGracefully(client);
  }

  async #upgrade(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    trusted: TrustProxy,
  ): Promise<void> {
    const { url = '' } = request;
    const address = setForwardedHeaders(request, trusted);
    const waitMs = await this.limiter.take(`gateway:${networkOf(address)}`, this.settings.limit);
    if (waitMs > 0) {
      return respond(client, '429 Too Many Requests', Math.ceil(waitMs / 1_000));
    }
    if (this.#clients.size >= this.settings.maxSockets) {
      this.#logger.warn({ maxSockets: this.settings.maxSockets }, 'socket limit reached');
      return respond(client, '503 Service Unavailable', 10);
    }
    this.#track(client);
    const connected = await this.#connect(url, client).catch((error: unknown) => {
      if (error instanceof LocalFailureError) return undefined;
      throw error;
    });
    if (connected === 'unknown session') return respond(client, '400 Bad Request');
    if (!connected) return respond(client, '503 Service Unavailable', 1);
    if (client.destroyed) return void connected.socket.destroy();
    request.headers['x-request-id'] = requestIdOf(request);
    this.#proxyUpgrade(request, client, head, connected);
  }

  #track(client: Duplex): void {
    this.#clients.add(client);
    this.metrics.setOpenSockets(this.#clients.size);
    client.once('close', () => {
      this.#clients.delete(client);
      this.metrics.setOpenSockets(this.#clients.size);
    });
  }

  async #connect(
    url: string,
    client: Duplex,
  ): Promise<InstanceConnection | 'unknown session' | undefined> {
    const pool = this.upstreams.chat;
    const instanceId = sessionInstanceOf(url);
    if (instanceId !== undefined) {
      const instance = await pool.findById(instanceId);
      return instance ? connectTo(instance, pool) : 'unknown session';
    }
    const disconnected = new AbortController();
    client.once('close', () => disconnected.abort());
    return connectToAnyInstance(pool, this.settings.retryForMs, disconnected.signal);
  }

  #proxyUpgrade(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    { instance, socket }: InstanceConnection,
  ): void {
    this.#upgradeTimers.set(
      socket,
      setTimeout(() => socket.destroy(), UPGRADE_TIMEOUT_MS),
    );
    socket.once('close', () => {
      this.#clearUpgradeTimer(socket);
      closeGracefully(client);
    });
    client.once('close', () => socket.destroy());
    const options = { target: instance.url, agent: new ConnectedAgent(socket), toProxy: true };
    this.#proxy.ws(request, client, head, options, () => {
      if (this.#upgradeTimers.has(socket)) respond(client, '502 Bad Gateway', 1);
      else client.destroy();
    });
  }

  /** Clears an upgrade timeout: the service has accepted the upgrade, or the connection closed. */
  #clearUpgradeTimer(socket: Socket): void {
    clearTimeout(this.#upgradeTimers.get(socket));
    this.#upgradeTimers.delete(socket);
  }
}

/** Rejects an upgrade request with an HTTP response, and closes the connection. */
function respond(client: Duplex, status: string, retryAfterSeconds?: number): void {
  const retry = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
  client.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`);
  closeGracefully(client);
}

/** Closes a connection even if the client keeps its side open: no HTTP timeout applies to it. */
function closeGracefully(client: Duplex): void {
  const timer = setTimeout(() => client.destroy(), CLOSE_TIMEOUT_MS);
  client.once('close', () => clearTimeout(timer));
  client.end(() => client.destroy());
}
