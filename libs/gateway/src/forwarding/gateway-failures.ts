import { Failure } from '@chat/platform';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';

const RETRY_AFTER_MS = 1_000;

/** 503: no instance of the service took the request; it was never sent. */
export function nobodyThere({ service }: UpstreamPool): Failure {
  return new Failure('UNAVAILABLE', `The ${service} service cannot be reached.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** 503: as many requests as are allowed wait for the service already; it was never sent. */
export function busy({ service }: UpstreamPool): Failure {
  return new Failure('UNAVAILABLE', `The ${service} service is busy.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** 503: the gateway could not open a connection, for a reason of its own; the request was never sent. */
export function lacksResources(): Failure {
  return new Failure('UNAVAILABLE', 'The gateway is overloaded.', { retryAfterMs: RETRY_AFTER_MS });
}

/** 502: the connection broke before an answer came. The request may have been done. */
export function brokenOff({ service }: UpstreamPool, cause: unknown): Failure {
  return new Failure('UNAVAILABLE', `The ${service} service broke off.`, {
    retryAfterMs: RETRY_AFTER_MS,
    statusCode: 502,
    cause,
  });
}

/** 504: no answer came in time. The request may have been done, or be done yet. */
export function tooLate({ service }: UpstreamPool): Failure {
  return new Failure('UNAVAILABLE', `The ${service} service did not answer in time.`, {
    retryAfterMs: RETRY_AFTER_MS,
    statusCode: 504,
  });
}
