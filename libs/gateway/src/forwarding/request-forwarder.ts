import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { requestIdOf } from '@chat/platform/logging';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { errors, type Dispatcher } from 'undici';
import { GatewaySettings } from '../gateway-settings.ts';
import { sessionInstanceOf } from '../routes.ts';
import {
  InstanceUnreachableError,
  LocalFailureError,
  type Instance,
  type RequestKind,
} from '../upstreams/instance.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';
import { Exchange } from './exchange.ts';
import {
  connectionLost,
  gatewayOverloaded,
  responseTimedOut,
  serviceBusy,
  serviceUnreachable,
} from './gateway-failures.ts';
import { waitForInstance } from './instance-connection.ts';
import { bodyOf } from './request-body.ts';

/** Timeout of a Socket.IO long poll, whose response waits until there is a packet. */
const POLL_TIMEOUT_MS = 60_000;
/** Methods that may be retried even if the first attempt was processed (RFC 9110, 9.2.2). */
const RETRYABLE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

class ResponseTimeoutError extends Error {
  override readonly name = 'ResponseTimeoutError';
}
class ClientDisconnectedError extends Error {
  override readonly name = 'ClientDisconnectedError';
}

/** A request as it is sent to an instance. */
interface ForwardedRequest {
  readonly kind: RequestKind;
  readonly options: Dispatcher.DispatchOptions;
  /** Whether it may be resent after an attempt that may have been delivered. */
  readonly isRetryable: boolean;
}

/** Forwards requests to services, and their responses to clients. */
@Injectable()
export class RequestForwarder implements BeforeApplicationShutdown {
  /** Responses to waiting long polls. */
  readonly #polls = new Set<ServerResponse>();

  constructor(private readonly settings: GatewaySettings) {}

  /**
   * Forwards a request; resolves once the response has started, or the client has disconnected.
   *
   * @param request without hop-by-hop headers
   * @throws Failure with UNAVAILABLE, when there was no response: 503 if the request was never
   * sent, 502 if the connection was lost, 504 after the timeout
   */
  async forward(
    request: IncomingMessage,
    response: ServerResponse,
    pool: UpstreamPool,
  ): Promise<void> {
    const body = await bodyOf(request);
    if (body === undefined || response.closed) return;
    const disconnected = new AbortController();
    response.once('close', () => disconnected.abort());
    const forwarded = this.#requestToForward(request, body);
    if (forwarded.kind === 'poll' && !this.#admitPoll(response)) throw serviceBusy(pool);
    try {
      await this.#send(forwarded, response, pool, disconnected.signal);
    } catch (error) {
      if (body instanceof Readable) body.destroy();
      if (!disconnected.signal.aborted) throw error;
    }
  }

  /** Ends long polls, which would outlast the shutdown; clients reconnect to another gateway. */
  beforeApplicationShutdown(): void {
    for (const response of this.#polls) response.destroy();
  }

  #requestToForward(request: IncomingMessage, body: Buffer | Readable): ForwardedRequest {
    const { method = '', url = '' } = request;
    const isStream = body instanceof Readable;
    const isEmpty = !isStream && body.length === 0;
    const kind = method === 'GET' && url.startsWith('/socket.io') ? 'poll' : 'request';
    const { 'content-length': length, ...headers } = request.headers;
    return {
      kind,
      // A lost response to a poll is never resent: its session must end, so that the client
      // catches up.
      isRetryable: kind !== 'poll' && RETRYABLE_METHODS.has(method) && isEmpty,
      options: {
        method,
        // Unchanged: with resolved dot segments it could be a path that is not routed.
        path: url,
        headers: {
          ...headers,
          ...(isStream && { 'content-length': length }),
          'x-request-id': requestIdOf(request),
        },
        body: isEmpty ? null : body,
        bodyTimeout: this.settings.timeoutMs,
      },
    };
  }

  /** @returns false when the limit on waiting polls is reached */
  #admitPoll(response: ServerResponse): boolean {
    if (this.#polls.size >= this.settings.maxSockets) return false;
    this.#polls.add(response);
    response.once('close', () => this.#polls.delete(response));
    return true;
  }

  /**
   * Sends a request. Retries as long as it was certainly not delivered, and once after a possible
   * delivery if it is retryable.
   */
  async #send(
    { kind, options, isRetryable }: ForwardedRequest,
    response: ServerResponse,
    pool: UpstreamPool,
    disconnected: AbortSignal,
  ): Promise<void> {
    const session = sessionInstanceOf(options.path);
    const deadline = performance.now() + this.settings.retryForMs;
    for (let mayRetry = isRetryable; ;) {
      const instance =
        session === undefined
          ? await waitForInstance(deadline, pool, disconnected)
          : await pool.findById(session);
      if (disconnected.aborted) return;
      if (!instance && session !== undefined) return rejectSession(response);
      if (!instance) throw serviceUnreachable(pool);
      if (kind === 'request' && instance.isFull) throw serviceBusy(pool);
      if (kind === 'poll' && session === undefined) instance.sessionStarted();
      const exchange = new Exchange(response, this.settings.timeoutMs);
      try {
        return await this.#exchange(exchange, kind, options, instance, disconnected);
      } catch (error) {
        if (exchange.wasSent) {
          if (error instanceof ResponseTimeoutError) throw responseTimedOut(pool);
          if (!mayRetry) throw connectionLost(pool, error);
          mayRetry = false;
        } else {
          if (error instanceof ResponseTimeoutError) throw serviceBusy(pool);
          reportUnsent(error, instance, pool);
          const timedOut = performance.now() > deadline;
          if (timedOut || (session !== undefined && error instanceof InstanceUnreachableError)) {
            throw serviceUnreachable(pool);
          }
        }
      }
    }
  }

  /** Resolves when the response starts; rejects if there will be none. */
  async #exchange(
    exchange: Exchange,
    kind: RequestKind,
    options: Dispatcher.DispatchOptions,
    instance: Instance,
    disconnected: AbortSignal,
  ): Promise<void> {
    const timer = setTimeout(
      () => exchange.abort(new ResponseTimeoutError()),
      kind === 'poll' ? POLL_TIMEOUT_MS : this.settings.timeoutMs,
    );
    disconnected.addEventListener('abort', () => exchange.abort(new ClientDisconnectedError()));
    instance.send(kind, options, exchange);
    try {
      await exchange.started;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Reports why a request was not sent: the instance is unreachable, or the gateway lacks a resource.
 *
 * @throws when a retry cannot succeed
 */
function reportUnsent(error: unknown, instance: Instance, pool: UpstreamPool): void {
  if (error instanceof InstanceUnreachableError) pool.reportUnreachable(instance);
  if (error instanceof LocalFailureError) {
    pool.reportLocalFailure(error.code);
    throw gatewayOverloaded();
  }
  const isInvalid =
    error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError;
  if (isInvalid) throw error;
}

/** Responds as Engine.IO itself does, so that the client starts a new session. */
function rejectSession(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code: 1, message: 'Session ID unknown' }));
}
