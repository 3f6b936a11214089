import { z } from 'zod';

export const ErrorDetail = z
  .object({
    path: z.string().describe('Path in the input, in dotted form; empty for the input as a whole.'),
    message: z.string().describe('Problem at this path, as one sentence.'),
  })
  .meta({ id: 'ErrorDetail' });
export type ErrorDetail = z.infer<typeof ErrorDetail>;
