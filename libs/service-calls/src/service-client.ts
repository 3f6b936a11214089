import { setTimeout as delay } from 'node:timers/promises';
import { HttpError } from '@chat/contracts';
import { Failure, UnavailableError } from '@chat/platform';
import { Logger } from '@nestjs/common';
import type { z } from 'zod';
import type { ServiceCredentials } from './credentials/service-credentials.ts';

const RETRY_AFTER_MS = 1_000;
const SHORTEST_ATTEMPT_MS = 500;
const PAUSE_MS = 50;
/** How long an instance that failed is left alone. */
const AVOID_MS = 2_000;

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
 * Calls another service. Every call may be repeated harmlessly, so one that
 * does not reach an instance is tried at the others.
 */
export class ServiceClient {
  readonly #logger = new Logger('ServiceCalls');
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
    const parsed: unknown = await response.json().catch((error: unknown) => {
      throw this.#unavailable(error);
    });
    if (response.status === 401) throw this.#refused(path);
    if (!response.ok) throw failureOf(response, parsed);
    return answer.parse(parsed);
  }

  async #reach(path: string, body: string): Promise<Response> {
    const { urls, timeoutMs } = this.address;
    const deadline = performance.now() + timeoutMs;
    // One that keeps silent must leave time for another.
    const attemptMs = Math.max(SHORTEST_ATTEMPT_MS, timeoutMs / (urls.length + 1));
    let failed: unknown;
    do {
      const url = this.#choose();
      try {
        return await fetch(url + path, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${await this.credentials.token()}`,
          },
          body,
          signal: AbortSignal.timeout(
            Math.ceil(Math.min(attemptMs, Math.max(1, deadline - performance.now()))),
          ),
        });
      } catch (error) {
        failed = error;
        this.#failedAt.set(url, performance.now());
        await delay(PAUSE_MS);
      }
    } while (performance.now() < deadline);
    throw this.#unavailable(failed);
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
    return new UnavailableError(
      `The ${this.address.name} service cannot be reached.`,
      RETRY_AFTER_MS,
      cause,
    );
  }
}

function failureOf(response: Response, body: unknown): Failure {
  const parsed = HttpError.safeParse(body);
  if (!parsed.success) return new UnavailableError('A service is not well.', RETRY_AFTER_MS);
  const { code, message, details } = parsed.data;
  const retryAfter = Number(response.headers.get('retry-after'));
  return new Failure(code, message, {
    ...(retryAfter > 0 ? { retryAfterMs: retryAfter * 1_000 } : {}),
    ...(details ? { details } : {}),
  });
}
