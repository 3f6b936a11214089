import { z } from 'zod';

/** All error codes of the contract, for REST and sockets. */
export const ERROR_CODES = [
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'VALIDATION',
  'TOO_LARGE',
  'CONFLICT',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
] as const;

export const ErrorCode = z
  .enum(ERROR_CODES)
  .meta({ id: 'ErrorCode', description: 'Machine-readable error code.' });
export type ErrorCode = z.infer<typeof ErrorCode>;

/** Codes of errors after which a retry may succeed; they have `retryAfterMs`. */
export const RETRYABLE_CODES: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'UNAVAILABLE']);
