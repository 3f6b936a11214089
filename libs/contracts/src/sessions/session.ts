import { z } from 'zod';

export const Session = z
  .object({
    id: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().describe('Time at which tokens were last issued for the session.'),
    userAgent: z.string().optional(),
    current: z.boolean().describe('Whether the request was made with this session.'),
  })
  .meta({ id: 'Session', description: 'A signed-in browser or API client.' });
export type Session = z.infer<typeof Session>;
export const Sessions = z.array(Session);
