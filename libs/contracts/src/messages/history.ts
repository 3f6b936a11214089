import { z } from 'zod';
import { QueryNumber } from '../requests/query-number.ts';
import { PageLimit } from './page-limit.ts';

export const HistoryQuery = z
  .object({
    limit: PageLimit,
    before: QueryNumber.optional().describe('Returns the nearest messages with a smaller seq.'),
    after: QueryNumber.optional().describe('Returns the nearest messages with a greater seq.'),
    around: QueryNumber.optional().describe('Returns the page around the message with this seq.'),
  })
  .refine(
    ({ before, after, around }) =>
      [before, after, around].filter((c) => c !== undefined).length <= 1,
    'only one of before, after and around may be given',
  );
export type HistoryQuery = z.infer<typeof HistoryQuery>;
