import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { requestIdOf } from '@chat/platform';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { createProxyServer } from 'http-proxy-3';
import { GatewaySettings } from '../gateway-settings.ts';
import { sessionInstanceOf } from '../routes.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';
import { ConnectedAgent } from './connected-agent.ts';
import { connectTo, connectToAny, type Connected } from './connecting.ts';
import { brokenOff, nobodyThere, tooLate } from './gateway-failures.ts';

/** A long poll of Socket.IO is answered when there is something to say. */
const POLL_TIMEOUT_MS = 60_000;
/** Methods that may be repeated although the first attempt may have been done (RFC 9110, 9.2.2), and have no body. */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);

class LateError extends Error {
  override readonly name = 'LateError';
}

/** Passes requests to the service behind, and its answers back. */
@Injectable()
export class RequestForwarder implements BeforeApplicationShutdown {
  readonly #proxy = createProxyServer();

  /** Called when the answer to a request begins. */
  readonly #answering = new WeakMap<IncomingMessage, () => void>();
  /** Answers that are due when there is something to say. */
  readonly #polls = new Set<ServerResponse>();

  constructor(private readonly settings: GatewaySettings) {
    this.#proxy.on('proxyRes', (answer, request, response) => {
      this.#answering.get(request)?.();
      // Of its own connection, not of the one that it came over (RFC 9110, 7.6.1).
      answer.headers.connection = response.shouldKeepAlive ? 'keep-alive' : 'close';
      delete answer.headers['keep-alive'];
      answer.once('close', () => {
        if (!answer.complete) response.destroy();
      });
    });
    // What it tells without being asked is about answers that have begun: seen by their end.
    this.#proxy.on('error', () => undefined);
  }

  /**
   * Resolves once the answer is on its way, or whoever asked has gone.
   *
   * @throws Failure with UNAVAILABLE, when nothing was answered: 503 if nobody
   * took the request, 502 if the connection broke, 504 if the answer is late
   */
  async forward(
    request: IncomingMessage,
    response: ServerResponse,
    pool: UpstreamPool,
  ): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    request.headers['x-request-id'] = requestIdOf(request);
    for (let attempt = 1; ; attempt += 1) {
      const connected = await this.#connect(request, pool, gone.signal);
      if (connected === 'unknown session') return refuseSession(response);
      if (gone.signal.aborted) return void connected?.socket.destroy();
      if (!connected) throw nobodyThere(pool);
      try {
        await this.#exchange(request, response, connected);
        return;
      } catch (error) {
        if (response.closed) return;
        if (response.headersSent) return void response.destroy();
        if (error instanceof LateError) throw tooLate(pool);
        if (attempt > 1 || !REPEATABLE.has(request.method ?? '')) throw brokenOff(pool, error);
      }
    }
  }

  /** Ends long polls, which would outlast the stop: their clients connect again, to another gateway. */
  beforeApplicationShutdown(): void {
    for (const response of this.#polls) response.destroy();
  }

  #poll(response: ServerResponse): void {
    this.#polls.add(response);
    response.once('close', () => this.#polls.delete(response));
  }

  async #connect(
    { url = '' }: IncomingMessage,
    pool: UpstreamPool,
    signal: AbortSignal,
  ): Promise<Connected | 'unknown session' | undefined> {
    const instanceId = sessionInstanceOf(url);
    if (instanceId === undefined) return connectToAny(pool, this.settings.retryForMs, signal);
    const instance = await pool.ofId(instanceId);
    return instance ? connectTo(instance, pool) : 'unknown session';
  }

  /** Settles when the answer begins, or will never come. */
  async #exchange(
    request: IncomingMessage,
    response: ServerResponse,
    { instance, socket }: Connected,
  ): Promise<void> {
    const isPoll = request.url?.startsWith('/socket.io') === true && request.method === 'GET';
    if (isPoll) this.#poll(response);
    const timer = setTimeout(
      () => {
        socket.destroy(new LateError());
      },
      isPoll ? POLL_TIMEOUT_MS : this.settings.timeoutMs,
    );
    if (isPoll && sessionInstanceOf(request.url ?? '') === undefined) instance.sessionBegan();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#answering.set(request, resolve);
    response.once('close', resolve);
    const options = {
      target: instance.url,
      agent: new ConnectedAgent(socket),
      // The path as it came: with its dots resolved it could be one that is not routed.
      toProxy: true,
      ...(losesItsLength(request) && { buffer: withoutBody(request) }),
    };
    this.#proxy.web(request, response, options, (error) => reject(error));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      response.off('close', resolve);
    }
    // The rest of an answer that has begun is not waited for, but not for ever either.
    socket.setTimeout(this.settings.timeoutMs, () => socket.destroy());
  }
}

/**
 * Whether the proxy takes `Transfer-Encoding` away and says that there is no
 * body: passing one on then would make requests of its own out of it.
 */
function losesItsLength({ method, headers }: IncomingMessage): boolean {
  return (
    (method === 'DELETE' || method === 'OPTIONS') && headers['transfer-encoding'] !== undefined
  );
}

/** Nothing reads a body of these methods (RFC 9110, 9.3.5 and 9.3.7 give it no meaning). */
function withoutBody(request: IncomingMessage): Readable {
  request.resume();
  return Readable.from([]);
}

/** As Engine.IO itself says it, so that its client begins a new session. */
function refuseSession(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code: 1, message: 'Session ID unknown' }));
}
