import { z } from 'zod';
import { limitParameter } from '../requests/query-number.ts';

export const UserSearchQuery = z.object({
  query: z.string().trim().min(1).max(64).describe('Prefix of a username or display name.'),
  limit: limitParameter(50, 20),
});
export type UserSearchQuery = z.infer<typeof UserSearchQuery>;
