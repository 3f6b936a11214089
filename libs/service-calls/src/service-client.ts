import { setTimeout as delay } from 'node:timers/promises';
import { HttpError } from '@chat/contracts';
import { Failure, localFailureCode, UnavailableError } from '@chat/platform/failures';
import { KEEP_ALIVE_OPTIONS } from '@chat/platform/http';
import { RateLimitedLog } from '@chat/platform/logging';
import { Logger } from '@nestjs/common';
import { Agent, type Dispatcher } from 'undici';
import type { z } from 'zod';
import type { ServiceCredentials } from './credentials/service-credentials.ts';

const RETRY_AFTER_MS = 1_000;
const MIN_ATTEMPT_MS = 500;
const RETRY_PAUSE_MS = 50;
/** How long an instance is avoided after a failure. */
const AVOID_FAILED_MS = 2_000;
/** Maximum connections per instance; a call waits for a free one within its timeout. */
const MAX_CONNECTIONS = 128;

/** Instances of a service, and the timeout for its calls. */
export interface ServiceAddress {
  /** Name for logs and error messages. */
  readonly name: string;
  /** Origins of its instances, such as `http://messages:3002`. */
  readonly urls: readonly string[];
  /** Timeout of a call, including all attempts, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Calls another service over persistent connections. Every call is idempotent, so one that fails on
 * an instance is retried on the others.
 */
export class ServiceClient {
  readonly #logger = new Logger('ServiceCalls');
  readonly #localFailures = new RateLimitedLog(
    this.#logger,
    'connection to a service failed; this process lacks a resource',
  );
  readonly #agent = new Agent({
    ...KEEP_ALIVE_OPTIONS,
    connections: MAX_CONNECTIONS,
    // Each attempt has its own timeout.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  readonly #failedAt = new Map<string, number>();
  #next = 0;

  constructor(
    private readonly address: ServiceAddress,
    private readonly credentials: ServiceCredentials,
  ) {}

  /**
   * Sends a call, and parses the response.
   *
   * @throws the Failure that the service returned; UnavailableError when it is unreachable or does
   * not respond in time
   */
  async call<Schema extends z.ZodType>(
    path: string,
    body: unknown,
    responseSchema: Schema,
  ): Promise<z.output<Schema>> {
    const response = await this.#send(path, JSON.stringify(body));
    const parsed: unknown = await response.body.json().catch((error: unknown) => {
      throw this.#unavailable(error);
    });
    if (response.statusCode === 401) throw this.#credentialRejected(path);
    if (response.statusCode >= 300) throw failureOf(response, parsed);
    return responseSchema.parse(parsed);
  }

  async #send(path: string, body: string): Promise<Dispatcher.ResponseData> {
    const { urls, timeoutMs } = this.address;
    const deadline = performance.now() + timeoutMs;
    // An instance that does not respond must leave time to try another.
    const attemptMs = Math.max(MIN_ATTEMPT_MS, timeoutMs / (urls.length + 1));
    let lastError: unknown;
    do {
      const origin = this.#chooseInstance();
      const token = await this.credentials.token();
      const remainingMs = Math.max(1, deadline - performance.now());
      try {
        return await this.#post(
          { origin, path, body },
          token,
          AbortSignal.timeout(Math.ceil(Math.min(attemptMs, remainingMs))),
        );
      } catch (error) {
        lastError = error;
        this.#recordFailure(error, origin);
        await delay(RETRY_PAUSE_MS);
      }
    } while (performance.now() < deadline);
    throw this.#unavailable(lastError);
  }

  /** @param signal also aborts the wait for a connection, which undici does not do */
  #post(
    call: { readonly origin: string; readonly path: string; readonly body: string },
    token: string,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { promise: expired, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason));
    const response = this.#agent.request({
      ...call,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      signal,
    });
    return Promise.race([response, expired]);
  }

  /** Records a failed attempt: the instance is avoided for 2 s, unless the failure is local. */
  #recordFailure(error: unknown, origin: string): void {
    const code = localFailureCode(error);
    if (code === undefined) this.#failedAt.set(origin, performance.now());
    else this.#localFailures.warn(code);
  }

  /** Chooses the next instance round-robin, skipping those that failed recently unless all did. */
  #chooseInstance(): string {
    const { urls } = this.address;
    this.#next = (this.#next + 1) % urls.length;
    const rotated = [...urls.slice(this.#next), ...urls.slice(0, this.#next)];
    const failedRecently = (url: string): boolean =>
      performance.now() - (this.#failedAt.get(url) ?? -AVOID_FAILED_MS) < AVOID_FAILED_MS;
    return rotated.find((url) => !failedRecently(url)) ?? rotated[0] ?? '';
  }

  /** Logs a rejected service credential. It is a configuration error that no client can fix. */
  #credentialRejected(path: string): UnavailableError {
    const { name } = this.address;
    this.#logger.error(
      { dependency: name, path },
      'service credential rejected; JWT_SECRET or the clocks of the machines differ',
    );
    return this.#unavailable(undefined);
  }

  #unavailable(cause: unknown): UnavailableError {
    const message =
      localFailureCode(cause) === undefined
        ? `The ${this.address.name} service is unavailable. Please try again.`
        : 'The server is overloaded. Please try again.';
    return new UnavailableError(message, RETRY_AFTER_MS, cause);
  }
}

function failureOf({ headers }: Dispatcher.ResponseData, body: unknown): Failure {
  const parsed = HttpError.safeParse(body);
  if (!parsed.success) {
    return new UnavailableError('The service failed. Please try again.', RETRY_AFTER_MS);
  }
  const { code, message, details } = parsed.data;
  const retryAfter = Number(headers['retry-after'] ?? 0);
  return new Failure(code, message, {
    ...(retryAfter > 0 ? { retryAfterMs: retryAfter * 1_000 } : {}),
    ...(details ? { details } : {}),
  });
}
