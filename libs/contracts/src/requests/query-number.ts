import { z } from 'zod';

/** Whole number in a query string: digits only. */
export const QueryNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);

/** Creates the schema of a `limit` query parameter with a maximum and a default. */
export function limitParameter(max: number, defaultLimit: number) {
  return QueryNumber.pipe(z.int().min(1).max(max)).default(defaultLimit);
}
