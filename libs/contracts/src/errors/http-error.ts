import { z } from 'zod';
import { ErrorCode } from './error-code.ts';
import { ErrorDetail } from './error-detail.ts';

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
