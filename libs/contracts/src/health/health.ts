import { z } from 'zod';

export const Health = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    checks: z
      .record(
        z.string(),
        z.object({ status: z.enum(['ok', 'unavailable']), message: z.string().optional() }),
      )
      .describe('State of each dependency, by name.'),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof Health>;
