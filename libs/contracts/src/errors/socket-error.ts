import { z } from 'zod';
import { ErrorCode } from './error-code.ts';
import { ErrorDetail } from './error-detail.ts';

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
