import { z } from 'zod';

export const Session = z
  .object({
    id: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().describe('Time at which its tokens were last issued.'),
    userAgent: z.string().optional(),
    current: z.boolean().describe('Whether this session made the request.'),
  })
  .meta({ id: 'Session', description: 'Sign-in of one browser or program.' });
export type Session = z.infer<typeof Session>;
export const Sessions = z.array(Session);
