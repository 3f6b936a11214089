import { z } from 'zod';

/** What every guard asks of the users service. */
export const SESSION_ACTIVE_CALL = {
  path: '/internal/sessions/active',
  request: z.object({ sessionId: z.string().min(1).max(64) }),
  answer: z.object({ active: z.boolean() }),
} as const;
