import { setTimeout as delay } from 'node:timers/promises';
import { HttpError } from '@chat/contracts';
import {
  Failure,
  KEPT_CONNECTIONS,
  localFailureCode,
  RateBoundedLog,
  UnavailableError,
} from '@chat/platform';
import { Logger } from '@nestjs/common';
import { Agent, type Dispatcher } from 'undici';
import type { z } from 'zod';
import type { ServiceCredentials } from './credentials/service-credentials.ts';

const RETRY_AFTER_MS = 1_000;
const SHORTEST_ATTEMPT_MS = 500;
const PAUSE_MS = 50;
/** How long an instance that failed is left alone. */
const AVOID_MS = 2_000;
/** Connections to one instance; a call that finds none free waits, within its own time limit. */
const MAX_CONNECTIONS = 128;

/** Where a service is, and how long an answer may take. */
export interface ServiceAddress {
  /** As people know it, for error messages. */
  readonly name: string;
  /** Origins of its instances, such as `http://messages:3002`. */
  readonly urls: readonly string[];
  /** Longest wait for an answer, however many instances are tried. */
  readonly timeoutMs: number;
}

/**
 * Calls another service, over connections that are kept open. Every call may be
 * repeated harmlessly, so one that fails at an instance is tried at the others.
 */
export class ServiceClient {
  readonly #logger = new Logger('ServiceCalls');
  readonly #localFailures = new RateBoundedLog(
    this.#logger,
    'connection to a service failed; this process lacks a resource',
  );
  readonly #agent = new Agent({
    ...KEPT_CONNECTIONS,
    connections: MAX_CONNECTIONS,
    // Each attempt has a limit of its own.
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
   * @throws the Failure that the service answered with; UnavailableError when it
   * cannot be reached or does not answer in time
   */
  async call<Schema extends z.ZodType>(
    path: string,
    body: unknown,
    answer: Schema,
  ): Promise<z.output<Schema>> {
    const response = await this.#reach(path, JSON.stringify(body));
    const parsed: unknown = await response.body.json().catch((error: unknown) => {
      throw this.#unavailable(error);
    });
    if (response.statusCode === 401) throw this.#refused(path);
    if (response.statusCode >= 300) throw failureOf(response, parsed);
    return answer.parse(parsed);
  }

  async #reach(path: string, body: string): Promise<Dispatcher.ResponseData> {
    const { urls, timeoutMs } = this.address;
    const deadline = performance.now() + timeoutMs;
    // One that keeps silent must leave time for another.
    const attemptMs = Math.max(SHORTEST_ATTEMPT_MS, timeoutMs / (urls.length + 1));
    let failed: unknown;
    do {
      const origin = this.#choose();
      const token = await this.credentials.token();
      const leftMs = Math.max(1, deadline - performance.now());
      try {
        return await this.#post(
          { origin, path, body },
          token,
          AbortSignal.timeout(Math.ceil(Math.min(attemptMs, leftMs))),
        );
      } catch (error) {
        failed = error;
        this.#note(error, origin);
        await delay(PAUSE_MS);
      }
    } while (performance.now() < deadline);
    throw this.#unavailable(failed);
  }

  /** @param signal ends the wait for a connection, too, which undici does not */
  #post(
    call: { readonly origin: string; readonly path: string; readonly body: string },
    token: string,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { promise: expired, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason));
    const answered = this.#agent.request({
      ...call,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      signal,
    });
    return Promise.race([answered, expired]);
  }

  /** An instance that failed is avoided for a while; a failure of this process says nothing about it. */
  #note(error: unknown, origin: string): void {
    const code = localFailureCode(error);
    if (code === undefined) this.#failedAt.set(origin, performance.now());
    else this.#localFailures.warn(code);
  }

  /** In turn; one that failed a moment ago only when all did. */
  #choose(): string {
    const { urls } = this.address;
    this.#next = (this.#next + 1) % urls.length;
    const inTurn = [...urls.slice(this.#next), ...urls.slice(0, this.#next)];
    const failedLately = (url: string): boolean =>
      performance.now() - (this.#failedAt.get(url) ?? -AVOID_MS) < AVOID_MS;
    return inTurn.find((url) => !failedLately(url)) ?? inTurn[0] ?? '';
  }

  /** The other service does not believe that we are one: nothing that whoever asked us could mend. */
  #refused(path: string): UnavailableError {
    const { name } = this.address;
    this.#logger.error(
      `The ${name} service refuses ${path}: JWT_SECRET or the clocks of the two machines differ.`,
    );
    return this.#unavailable(undefined);
  }

  #unavailable(cause: unknown): UnavailableError {
    const message =
      localFailureCode(cause) === undefined
        ? `The ${this.address.name} service cannot be reached.`
        : 'The server is overloaded.';
    return new UnavailableError(message, RETRY_AFTER_MS, cause);
  }
}

function failureOf({ headers }: Dispatcher.ResponseData, body: unknown): Failure {
  const parsed = HttpError.safeParse(body);
  if (!parsed.success) return new UnavailableError('A service is not well.', RETRY_AFTER_MS);
  const { code, message, details } = parsed.data;
  const retryAfter = Number(headers['retry-after'] ?? 0);
  return new Failure(code, message, {
    ...(retryAfter > 0 ? { retryAfterMs: retryAfter * 1_000 } : {}),
    ...(details ? { details } : {}),
  });
}
