import { z } from 'zod';

// As many as fit into a body, whose size is limited, whatever their lengths.
export const MAX_SESSIONS_PER_CALL = 500;

/** What every guard asks of the users service: which of the sessions are active. */
export const ACTIVE_SESSIONS_CALL = {
  path: '/internal/sessions/active',
  request: z.object({
    sessionIds: z.array(z.string().min(1).max(64)).max(MAX_SESSIONS_PER_CALL),
  }),
  answer: z.object({ active: z.array(z.string()) }),
} as const;
