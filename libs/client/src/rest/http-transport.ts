import type { ErrorCode, HttpError } from '@chat/contracts';
import { Backoff, pause } from '../backoff.ts';
import { ChatError, TRANSIENT_CODES } from '../chat-error.ts';
import type { ServerUrl } from '../server-url.ts';

/** Longer than the gateway's timeout of 15 s, so that its 504 arrives before this timeout. */
const WRITE_TIMEOUT_MS = 17_000;
/**
 * Short, because reads are retried: `fetch` keeps idle connections for a minute, and the network
 * may have silently dropped the one that is reused.
 */
const READ_TIMEOUT_MS = 5_000;
const READ_RETRIES = 3;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 1_000;
/** Longest time from the first attempt of a read to a retry; then the caller gets the error. */
const READ_RETRY_WINDOW_MS = 20_000;

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'TOO_LARGE',
  415: 'VALIDATION',
  429: 'RATE_LIMITED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  /** Access token, sent as a bearer token. */
  token?: string;
}

export interface HttpResponse<T> {
  data: T;
  headers: Headers;
}

/** Sends JSON requests with `fetch` and a timeout; every failure is a {@link ChatError}. */
export class HttpTransport {
  readonly #url: string;
  readonly #closing = new AbortController();

  constructor({ origin, basePath }: ServerUrl) {
    this.#url = origin + basePath;
  }

  /**
   * Sends a request. `GET` requests are retried up to 3 times after transient failures, never
   * earlier than `Retry-After` allows; other requests are never retried.
   */
  async request<T>(request: HttpRequest): Promise<HttpResponse<T>> {
    const retryDeadline = performance.now() + READ_RETRY_WINDOW_MS;
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt<T>(request);
      } catch (error) {
        if (request.method !== 'GET' || attempt > READ_RETRIES || !isTransient(error)) throw error;
        const waitMs = backoff.next(error.retryAfterMs);
        if (performance.now() + waitMs > retryDeadline) throw error;
        await pause(waitMs, this.#closing.signal);
      }
    }
  }

  async #attempt<T>(request: HttpRequest): Promise<HttpResponse<T>> {
    const deadline = new AbortController();
    const abort = (): void => deadline.abort();
    if (this.#isClosed()) throw closedError();
    const timer = setTimeout(abort, request.method === 'GET' ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    this.#closing.signal.addEventListener('abort', abort);
    try {
      const response = await fetch(this.#address(request), {
        method: request.method,
        headers: {
          accept: 'application/json',
          ...(request.body !== undefined && { 'content-type': 'application/json' }),
          ...(request.token !== undefined && { authorization: `Bearer ${request.token}` }),
        },
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
        cache: 'no-store',
        signal: deadline.signal,
      });
      return { data: await readBody<T>(response), headers: response.headers };
    } catch (error) {
      if (error instanceof ChatError) throw error;
      if (this.#isClosed()) throw closedError();
      throw deadline.signal.aborted
        ? new ChatError('TIMEOUT', 'The server did not respond in time.')
        : new ChatError('NETWORK', 'The server is unreachable.');
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener('abort', abort);
    }
  }

  /** Aborts requests in flight; later requests reject with CLOSED. */
  close(): void {
    this.#closing.abort();
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #address({ path, query = {} }: HttpRequest): string {
    const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const search = new URLSearchParams(given).toString();
    return `${this.#url}${path}${search && `?${search}`}`;
  }
}

function isTransient(error: unknown): error is ChatError {
  return error instanceof ChatError && TRANSIENT_CODES.has(error.code);
}

function closedError(): ChatError {
  return new ChatError('CLOSED', 'The client was closed.');
}

async function readBody<T>(response: Response): Promise<T> {
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  if (!response.ok) {
    const body = json ? ((await response.json()) as Partial<HttpError>) : {};
    throw responseError(response, body);
  }
  if (response.status === 204) return undefined as T;
  if (!json) throw new ChatError('UNAVAILABLE', 'Unexpected response. Check your network.');
  return (await response.json()) as T;
}

function responseError(response: Response, body: Partial<HttpError>): ChatError {
  const fallback = response.status < 500 ? 'VALIDATION' : 'INTERNAL';
  return new ChatError(
    body.code ?? CODE_BY_STATUS[response.status] ?? fallback,
    body.message ?? `The request failed with status ${response.status}.`,
    {
      status: response.status,
      details: body.details,
      retryAfterMs: retryAfter(response.headers.get('retry-after')),
    },
  );
}

function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
