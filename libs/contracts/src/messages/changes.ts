import { z } from 'zod';
import { QueryNumber } from '../requests/query-number.ts';
import { Messages } from './message.ts';
import { PageLimit } from './page-limit.ts';

export const ChangesQuery = z.object({
  since: QueryNumber.describe('Highest rev that the client has; 0 for all changes.'),
  limit: PageLimit,
});
export type ChangesQuery = z.infer<typeof ChangesQuery>;

export const Changes = z
  .object({
    rev: z.int().min(0).describe('Last rev of this page.'),
    complete: z.boolean().describe('Whether `rev` is the head of the room.'),
    changes: Messages.describe('Messages changed after `since`, in the order of rev.'),
  })
  .meta({ id: 'Changes' });
export type Changes = z.infer<typeof Changes>;
