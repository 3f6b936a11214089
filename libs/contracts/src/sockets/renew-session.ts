import { z } from 'zod';

export const RenewSessionPayload = z
  .object({ token: z.string().min(1).max(4096) })
  .meta({ id: 'RenewSessionPayload' });
export type RenewSessionPayload = z.infer<typeof RenewSessionPayload>;

export const RenewSessionResult = z
  .object({ expiresIn: z.int().positive().describe('Seconds until the new token expires.') })
  .meta({ id: 'RenewSessionResult' });
export type RenewSessionResult = z.infer<typeof RenewSessionResult>;
