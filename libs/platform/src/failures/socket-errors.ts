import type { SocketError } from '@chat/contracts';
import { Failure } from './failures.ts';
import { INTERNAL_MESSAGE } from './http-errors.ts';

/**
 * Returns the `error` of a negative acknowledgement for a thrown value. A value that is not a
 * `Failure` becomes INTERNAL without details; the caller logs it.
 */
export function toSocketError(thrown: unknown): SocketError {
  if (!(thrown instanceof Failure)) return { code: 'INTERNAL', message: INTERNAL_MESSAGE };
  const { retryAfterMs, details } = thrown.options;
  return {
    code: thrown.code,
    message: thrown.message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
    ...(details ? { details: [...details] } : {}),
  };
}
