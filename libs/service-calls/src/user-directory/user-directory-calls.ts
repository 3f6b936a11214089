import { UserId, Users } from '@chat/contracts';
import { z } from 'zod';

/** Call from the rooms feature to the `users` service: returns the public data of users. */
export const PUBLIC_USERS_CALL = {
  path: '/internal/users/public',
  request: z.object({ ids: z.array(UserId).max(1_000) }),
  response: z.object({ users: Users }),
} as const;

/** Call from the rooms feature to the `users` service: returns the id of the oldest account. */
export const FIRST_USER_CALL = {
  path: '/internal/users/first',
  response: z.object({ userId: UserId.nullable() }),
} as const;
