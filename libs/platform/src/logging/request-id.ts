import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const WELL_FORMED = /^[A-Za-z0-9._-]{1,64}$/;

/** Returns the id of a request: its `X-Request-Id` header if well-formed, else a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  if (typeof request.id === 'string') return request.id;
  const given = request.headers['x-request-id'];
  request.id = typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
  return request.id;
}

/** Express middleware: assigns the request id, and sends it in the response's `X-Request-Id`. */
export function assignRequestId(
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  response.setHeader('X-Request-Id', requestIdOf(request));
  next();
}
