import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const WELL_FORMED = /^[A-Za-z0-9._-]{1,64}$/;

/** By what a request is found again in the logs: the caller's `X-Request-Id` if it is well-formed, else ours. */
export function requestIdOf(request: IncomingMessage): string {
  if (typeof request.id === 'string') return request.id;
  const given = request.headers['x-request-id'];
  request.id = typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
  return request.id;
}

/** Express middleware: names the request, and tells the name in the answer's `X-Request-Id`. */
export function assignRequestId(
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  response.setHeader('X-Request-Id', requestIdOf(request));
  next();
}
