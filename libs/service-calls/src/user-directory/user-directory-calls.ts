import { UserId, Users } from '@chat/contracts';
import { z } from 'zod';

/** What rooms ask of the users service. */
export const PUBLIC_USERS_CALL = {
  path: '/internal/users/public',
  request: z.object({ ids: z.array(UserId).max(1_000) }),
  answer: z.object({ users: Users }),
} as const;
