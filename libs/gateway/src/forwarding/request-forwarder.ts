import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { requestIdOf } from '@chat/platform';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { errors, type Dispatcher } from 'undici';
import { GatewaySettings } from '../gateway-settings.ts';
import { sessionInstanceOf } from '../routes.ts';
import {
  LocalFailureError,
  RefusedError,
  type Instance,
  type RequestKind,
} from '../upstreams/instance.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';
import { chooseUntil } from './connecting.ts';
import { Exchange } from './exchange.ts';
import { brokenOff, busy, lacksResources, nobodyThere, tooLate } from './gateway-failures.ts';
import { bodyOf } from './request-body.ts';

/** A long poll of Socket.IO is answered when there is something to say. */
const POLL_TIMEOUT_MS = 60_000;
/** Methods that may be repeated although the first attempt may have been done (RFC 9110, 9.2.2). */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);

class LateError extends Error {
  override readonly name = 'LateError';
}
class ClientLeftError extends Error {
  override readonly name = 'ClientLeftError';
}

/** Where a request goes, and what is sent. */
interface Forwarded {
  readonly kind: RequestKind;
  readonly options: Dispatcher.DispatchOptions;
  /** Whether it may be sent again after a first attempt that may have been delivered. */
  readonly isRepeatable: boolean;
}

/** Passes requests to the service behind, and its answers back. */
@Injectable()
export class RequestForwarder implements BeforeApplicationShutdown {
  /** Answers that are due when there is something to say. */
  readonly #polls = new Set<ServerResponse>();

  constructor(private readonly settings: GatewaySettings) {}

  /**
   * Resolves once the answer is on its way, or the client has left.
   *
   * @param request without what belongs to its connection alone
   * @throws Failure with UNAVAILABLE, when nothing was answered: 503 if the request
   * was never sent, 502 if the connection broke, 504 if the answer is late
   */
  async forward(
    request: IncomingMessage,
    response: ServerResponse,
    pool: UpstreamPool,
  ): Promise<void> {
    const body = await bodyOf(request);
    if (body === undefined || response.closed) return;
    const left = new AbortController();
    response.once('close', () => left.abort());
    const forwarded = this.#forwarded(request, body);
    if (forwarded.kind === 'poll' && !this.#admitPoll(response)) throw busy(pool);
    try {
      await this.#send(forwarded, response, pool, left.signal);
    } catch (error) {
      if (body instanceof Readable) body.destroy();
      if (!left.signal.aborted) throw error;
    }
  }

  /** Ends long polls, which would outlast the stop: their clients connect again, to another gateway. */
  beforeApplicationShutdown(): void {
    for (const response of this.#polls) response.destroy();
  }

  #forwarded(request: IncomingMessage, body: Buffer | Readable): Forwarded {
    const { method = '', url = '' } = request;
    const isStream = body instanceof Readable;
    const isEmpty = !isStream && body.length === 0;
    const kind = method === 'GET' && url.startsWith('/socket.io') ? 'poll' : 'request';
    const { 'content-length': length, ...headers } = request.headers;
    return {
      kind,
      // What a poll was answered with is never sent again: its session must end, so that its client catches up.
      isRepeatable: kind !== 'poll' && REPEATABLE.has(method) && isEmpty,
      options: {
        method,
        // As it came: with its dots resolved it could be one that is not routed.
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

  /** @returns false when as many polls as are allowed wait already */
  #admitPoll(response: ServerResponse): boolean {
    if (this.#polls.size >= this.settings.maxSockets) return false;
    this.#polls.add(response);
    response.once('close', () => this.#polls.delete(response));
    return true;
  }

  /** Sends a request until it is answered; again only when it was not delivered, or once when it is repeatable. */
  async #send(
    { kind, options, isRepeatable }: Forwarded,
    response: ServerResponse,
    pool: UpstreamPool,
    left: AbortSignal,
  ): Promise<void> {
    const session = sessionInstanceOf(options.path);
    const deadline = performance.now() + this.settings.retryForMs;
    for (let mayRepeat = isRepeatable; ;) {
      const instance =
        session === undefined ? await chooseUntil(deadline, pool, left) : await pool.ofId(session);
      if (left.aborted) return;
      if (!instance && session !== undefined) return refuseSession(response);
      if (!instance) throw nobodyThere(pool);
      if (kind === 'request' && instance.isFull) throw busy(pool);
      if (kind === 'poll' && session === undefined) instance.sessionBegan();
      const exchange = new Exchange(response, this.settings.timeoutMs);
      try {
        return await this.#exchange(exchange, kind, options, instance, left);
      } catch (error) {
        if (exchange.wasSent) {
          if (error instanceof LateError) throw tooLate(pool);
          if (!mayRepeat) throw brokenOff(pool, error);
          mayRepeat = false;
        } else {
          if (error instanceof LateError) throw busy(pool);
          reportUnsent(error, instance, pool);
          const isOver = performance.now() > deadline;
          if (isOver || (session !== undefined && error instanceof RefusedError)) {
            throw nobodyThere(pool);
          }
        }
      }
    }
  }

  /** Settles when the answer begins, or will never come. */
  async #exchange(
    exchange: Exchange,
    kind: RequestKind,
    options: Dispatcher.DispatchOptions,
    instance: Instance,
    left: AbortSignal,
  ): Promise<void> {
    const late = setTimeout(
      () => exchange.abort(new LateError()),
      kind === 'poll' ? POLL_TIMEOUT_MS : this.settings.timeoutMs,
    );
    left.addEventListener('abort', () => exchange.abort(new ClientLeftError()));
    instance.send(kind, options, exchange);
    try {
      await exchange.begun;
    } finally {
      clearTimeout(late);
    }
  }
}

/**
 * Blames the instance, or the gateway, for a request that was never sent.
 *
 * @throws when it is of no use to try again
 */
function reportUnsent(error: unknown, instance: Instance, pool: UpstreamPool): void {
  if (error instanceof RefusedError) pool.reportRefused(instance);
  if (error instanceof LocalFailureError) {
    pool.reportLocalFailure(error.code);
    throw lacksResources();
  }
  const isInvalid =
    error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError;
  if (isInvalid) throw error;
}

/** As Engine.IO itself says it, so that its client begins a new session. */
function refuseSession(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code: 1, message: 'Session ID unknown' }));
}
