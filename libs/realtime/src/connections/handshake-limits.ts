import { STATUS_CODES, ServerResponse, type IncomingMessage } from 'node:http';
import {
  RateLimitedError,
  toHttpErrorResponse,
  UnavailableError,
  type Failure,
} from '@chat/platform/failures';
import { clientAddressOf, networkOf, type TrustProxy } from '@chat/platform/http';
import { InMemoryRateLimiter, ItemsByOwner } from '@chat/platform/limits';
import { requestIdOf } from '@chat/platform/logging';
import { Injectable } from '@nestjs/common';
import { RealtimeSettings } from '../realtime-settings.ts';
import { ConnectionRefusals, type RefusalReason } from './connection-refusals.ts';

/** Retry delay for rejected clients: connections authenticate, or are closed, within seconds. */
const UNAUTHENTICATED_RETRY_MS = 5_000;

/** A request with the query that Engine.IO parses before its middleware runs. */
type EngineRequest = IncomingMessage & { readonly _query: { readonly sid?: string } };

interface Rejection {
  readonly reason: RefusalReason;
  readonly failure: Failure;
}

/** A connection that has not authenticated. */
interface Unauthenticated {
  readonly evict: () => void;
}

/**
 * Limits connections before they cost more than a request: how often an address connects, and how
 * many connections are unauthenticated. When there are too many in total, a new connection evicts
 * the oldest one of the network that has the most of them, so that a few networks cannot lock out
 * the others. Counts per process, since each process has its own memory to protect.
 */
@Injectable()
export class HandshakeLimits {
  readonly #rates = new InMemoryRateLimiter();
  /** Connections that have not authenticated, by the network of their address. */
  readonly #unauthenticated = new ItemsByOwner<Unauthenticated>();

  constructor(
    private readonly settings: RealtimeSettings,
    private readonly refusals: ConnectionRefusals,
  ) {}

  /** Rejects a request beyond the limits with 429 or 503; a middleware for Engine.IO. */
  async check(
    request: IncomingMessage,
    response: ServerResponse,
    next: () => void,
    trusted: TrustProxy,
  ): Promise<void> {
    const isUpgrade = !(response instanceof ServerResponse);
    // As in Engine.IO, an empty sid also begins a session; of several, the last one counts.
    const hasSession = Boolean((request as EngineRequest)._query.sid);
    // Every WebSocket counts as a connection; a long polling request only if it begins a session.
    if (hasSession && !isUpgrade) return next();
    const network = networkOf(clientAddressOf(request, trusted));
    const rejection = await this.#rejectionFor(network, hasSession);
    if (!rejection) return next();
    this.refusals.count(rejection.reason, { network });
    const { body, retryAfterSeconds = 1 } = toHttpErrorResponse(
      rejection.failure,
      requestIdOf(request),
    );
    const text = JSON.stringify(body);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(text)),
      'Retry-After': String(retryAfterSeconds),
    };
    if (isUpgrade) rejectUpgrade(request, body.statusCode, headers, text);
    else response.writeHead(body.statusCode, headers).end(text);
  }

  /**
   * Counts an unauthenticated connection.
   *
   * @param evict closes the connection in favour of a new one; then it is no longer counted
   * @returns a function that stops counting it, to call once it has authenticated or is closed
   */
  track(request: IncomingMessage, trusted: TrustProxy, evict: () => void): () => void {
    const network = networkOf(clientAddressOf(request, trusted));
    const connection: Unauthenticated = { evict };
    this.#unauthenticated.add(network, connection);
    while (this.#unauthenticated.size > this.settings.maxUnauthenticated.total) this.#evictOldest();
    return () => void this.#unauthenticated.delete(network, connection);
  }

  /** Closes the oldest connection of the network that has the most. */
  #evictOldest(): void {
    const network = this.#unauthenticated.largestOwner ?? '';
    const [oldest] = this.#unauthenticated.of(network);
    if (!oldest) return;
    this.#unauthenticated.delete(network, oldest);
    this.refusals.count('unauthenticated', { network });
    oldest.evict();
  }

  async #rejectionFor(network: string, hasSession: boolean): Promise<Rejection | undefined> {
    const { connectLimit, maxUnauthenticated } = this.settings;
    const waitMs = await this.#rates.take(network, connectLimit);
    if (waitMs > 0) {
      const failure = new RateLimitedError(
        'Too many connections from your network. Please try again later.',
        waitMs,
      );
      return { reason: 'connect_rate', failure };
    }
    if (hasSession) return undefined;
    const own = this.#unauthenticated.of(network).size;
    if (own >= maxUnauthenticated.perAddress) {
      const failure = new RateLimitedError(
        'Too many unauthenticated connections from your network. Please try again later.',
        UNAUTHENTICATED_RETRY_MS,
      );
      return { reason: 'unauthenticated_of_address', failure };
    }
    const { size, largestOwner = '' } = this.#unauthenticated;
    if (size >= maxUnauthenticated.total && own >= this.#unauthenticated.of(largestOwner).size) {
      const failure = new UnavailableError(
        'The server is busy. Please try again.',
        UNAUTHENTICATED_RETRY_MS,
      );
      return { reason: 'unauthenticated', failure };
    }
    return undefined;
  }
}

function rejectUpgrade(
  { socket }: IncomingMessage,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  const lines = Object.entries({ ...headers, Connection: 'close' }).map((line) => line.join(': '));
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines];
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
