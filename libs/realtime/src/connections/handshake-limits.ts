import { STATUS_CODES, ServerResponse, type IncomingMessage } from 'node:http';
import {
  clientAddressOf,
  InMemoryRateLimiter,
  networkOf,
  RateLimitedError,
  requestIdOf,
  toHttpErrorAnswer,
  UnavailableError,
  type Failure,
  type TrustProxy,
} from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { RealtimeSettings } from '../realtime-settings.ts';
import { ConnectionRefusals, type RefusalReason } from './connection-refusals.ts';

/** How long a refused client waits: connections authenticate, or are closed, within seconds. */
const UNAUTHENTICATED_RETRY_MS = 5_000;

/** What Engine.IO has read of a request before its middleware. */
type EngineRequest = IncomingMessage & { readonly _query: { readonly sid?: string } };

interface Refusal {
  readonly reason: RefusalReason;
  readonly failure: Failure;
}

/**
 * Limits connections before they cost more than a request: how often an address
 * connects, and how many connections that have not authenticated there are.
 * Counts by process, since each has its own memory to protect.
 */
@Injectable()
export class HandshakeLimits {
  readonly #rates = new InMemoryRateLimiter();
  /** Connections that have not authenticated, by the network of their address; none for 0. */
  readonly #unauthenticated = new Map<string, number>();
  #total = 0;

  constructor(
    private readonly settings: RealtimeSettings,
    private readonly refusals: ConnectionRefusals,
  ) {}

  /** Answers a request that may not connect; a middleware of Engine.IO. */
  async check(
    request: IncomingMessage,
    response: ServerResponse,
    next: () => void,
    trusted: TrustProxy,
  ): Promise<void> {
    const isUpgrade = !(response instanceof ServerResponse);
    // As Engine.IO reads it: an empty one, or of several the last, begins a session too.
    const hasSession = Boolean((request as EngineRequest)._query.sid);
    // Every WebSocket is a connection; of the requests of long polling only those that begin a session.
    if (hasSession && !isUpgrade) return next();
    const network = networkOf(clientAddressOf(request, trusted));
    const refusal = await this.#refusalOf(network, hasSession);
    if (!refusal) return next();
    this.refusals.count(refusal.reason, { network });
    const { body, retryAfterSeconds = 1 } = toHttpErrorAnswer(
      refusal.failure,
      requestIdOf(request),
    );
    const text = JSON.stringify(body);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(text)),
      'Retry-After': String(retryAfterSeconds),
    };
    if (isUpgrade) answerUpgrade(request, body.statusCode, headers, text);
    else response.writeHead(body.statusCode, headers).end(text);
  }

  /**
   * Counts a connection that has not authenticated.
   *
   * @returns ends the count, when it has authenticated or is closed; to be called once
   */
  enter(request: IncomingMessage, trusted: TrustProxy): () => void {
    const network = networkOf(clientAddressOf(request, trusted));
    this.#add(network, 1);
    return () => this.#add(network, -1);
  }

  #add(network: string, count: number): void {
    this.#total += count;
    const ofNetwork = (this.#unauthenticated.get(network) ?? 0) + count;
    if (ofNetwork > 0) this.#unauthenticated.set(network, ofNetwork);
    else this.#unauthenticated.delete(network);
  }

  async #refusalOf(network: string, hasSession: boolean): Promise<Refusal | undefined> {
    const { connectLimit, maxUnauthenticated } = this.settings;
    const waitMs = await this.#rates.take(network, connectLimit);
    if (waitMs > 0) {
      const failure = new RateLimitedError('Too many connections from your address.', waitMs);
      return { reason: 'connect_rate', failure };
    }
    if (hasSession) return undefined;
    if ((this.#unauthenticated.get(network) ?? 0) >= maxUnauthenticated.perAddress) {
      const failure = new RateLimitedError(
        'Too many connections from your address have not authenticated.',
        UNAUTHENTICATED_RETRY_MS,
      );
      return { reason: 'unauthenticated_of_address', failure };
    }
    if (this.#total >= maxUnauthenticated.total) {
      const failure = new UnavailableError(
        'Too many clients are connecting; please try again.',
        UNAUTHENTICATED_RETRY_MS,
      );
      return { reason: 'unauthenticated', failure };
    }
    return undefined;
  }
}

function answerUpgrade(
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
