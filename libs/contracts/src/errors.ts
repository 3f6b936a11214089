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

export const ErrorDetail = z
  .object({
    path: z.string().describe('Path in the input, in dotted form; empty for the input as a whole.'),
    message: z.string().describe('Problem at this path, as one sentence.'),
  })
  .meta({ id: 'ErrorDetail' });
export type ErrorDetail = z.infer<typeof ErrorDetail>;

/** Body of every REST response with a status of 400 or more. */
export const HttpError = z
  .object({
    statusCode: z.int().min(400).max(599),
    error: z.string().describe("The status code's name, for example `Not Found`."),
    code: ErrorCode,
    message: z.string().describe('One readable sentence.'),
    details: z.array(ErrorDetail).optional(),
    requestId: z
      .string()
      .describe('Id of the request in the server logs and in the X-Request-Id header.'),
  })
  .meta({ id: 'HttpError' });
export type HttpError = z.infer<typeof HttpError>;

/** The `error` of a negative acknowledgement and of `exception`. */
export const SocketError = z
  .object({
    code: ErrorCode,
    message: z.string().describe('One readable sentence.'),
    retryAfterMs: z
      .int()
      .nonnegative()
      .optional()
      .describe('Milliseconds after which a retry may succeed; present for retryable errors.'),
    details: z.array(ErrorDetail).optional(),
  })
  .meta({ id: 'SocketError' });
export type SocketError = z.infer<typeof SocketError>;
