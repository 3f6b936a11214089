import { z } from 'zod';

/** Keeps a request within the body size limit even with ids of maximum length. */
export const MAX_SESSIONS_PER_CALL = 500;

/** Call from the guards to the `users` service: returns which of the sessions are active. */
export const ACTIVE_SESSIONS_CALL = {
  path: '/internal/sessions/active',
  request: z.object({
    sessionIds: z.array(z.string().min(1).max(64)).max(MAX_SESSIONS_PER_CALL),
  }),
  response: z.object({ active: z.array(z.string()) }),
} as const;
