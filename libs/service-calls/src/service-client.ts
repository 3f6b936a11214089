import { HttpError } from '@chat/contracts';
import { Failure, UnavailableError } from '@chat/platform';
import type { z } from 'zod';
import type { ServiceCredentials } from './credentials/service-credentials.ts';

const RETRY_AFTER_MS = 1_000;

/** Where a service is, and how long an answer may take. */
export interface ServiceAddress {
  /** As people know it, for error messages. */
  readonly name: string;
  /** Origins of its instances, such as `http://messages:3002`. */
  readonly urls: readonly string[];
  readonly timeoutMs: number;
}

/**
 * Calls another service. Every call may be repeated harmlessly, so one that
 * does not reach an instance is tried at the others.
 */
export class ServiceClient {
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
    if (!response.ok) throw failureOf(response, parsed);
    return answer.parse(parsed);
  }

  async #reach(path: string, body: string): Promise<Response> {
    const { urls, timeoutMs } = this.address;
    let failed: unknown;
    this.#next += 1;
    for (const index of urls.keys()) {
      const url = urls[(this.#next + index) % urls.length] ?? '';
      try {
        return await fetch(url + path, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${await this.credentials.token()}`,
          },
          body,
          signal: AbortSignal.timeout(timeoutMs),
        });
      } catch (error) {
        failed = error;
      }
    }
    throw this.#unavailable(failed);
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
