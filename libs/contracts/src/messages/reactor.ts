import { z } from 'zod';
import { limitParameter } from '../requests/query-number.ts';
import { UserId } from '../users/user-id.ts';
import { Emoji } from './reaction.ts';

/** A user who reacted with an emoji. */
export const Reactor = z
  .object({
    userId: UserId,
    username: z
      .string()
      .optional()
      .describe('Absent if the account does not exist, or from a server of an earlier version.'),
  })
  .meta({ id: 'Reactor' });
export type Reactor = z.infer<typeof Reactor>;

export const Reactors = z.array(Reactor);

export const ReactorListQuery = z.object({
  emoji: Emoji,
  limit: limitParameter(200, 100),
  after: UserId.optional().describe('Last user id of the previous page.'),
});
export type ReactorListQuery = z.infer<typeof ReactorListQuery>;
