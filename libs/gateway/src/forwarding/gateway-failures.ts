import { Failure } from '@chat/platform/failures';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';

const RETRY_AFTER_MS = 1_000;

/** 503: no instance of the service accepted the request; it was never sent. */
export function serviceUnreachable({ service }: UpstreamPool): Failure {
  return new Failure('UNAVAILABLE', `The ${service} service is unavailable. Please try again.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** 503: the limit on requests that wait for the service is reached; this one was never sent. */
export function serviceBusy({ service }: UpstreamPool): Failure {
  return new Failure('UNAVAILABLE', `The ${service} service is busy. Please try again.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** 503: the gateway lacks a resource to open a connection; the request was never sent. */
export function gatewayOverloaded(): Failure {
  return new Failure('UNAVAILABLE', 'The server is overloaded. Please try again.', {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** 502: the connection was lost before a response. The request may have been processed. */
export function connectionLost({ service }: UpstreamPool, cause: unknown): Failure {
  const message = `The connection to the ${service} service was lost. Please try again.`;
  return new Failure('UNAVAILABLE', message, {
    retryAfterMs: RETRY_AFTER_MS,
    statusCode: 502,
    cause,
  });
}

/** 504: no response in time. The request may have been, or may still be, processed. */
export function responseTimedOut({ service }: UpstreamPool): Failure {
  const message = `The ${service} service did not respond in time. Please try again.`;
  return new Failure('UNAVAILABLE', message, {
    retryAfterMs: RETRY_AFTER_MS,
    statusCode: 504,
  });
}
