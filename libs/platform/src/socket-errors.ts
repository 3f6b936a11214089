import type { SocketError } from '@chat/contracts';
import { Failure } from './failures.ts';
import { INTERNAL_MESSAGE } from './http-errors.ts';

/**
 * The `error` of a negative acknowledgement for whatever was thrown. What is
 * no `Failure` becomes INTERNAL and tells nothing; the caller logs it.
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
