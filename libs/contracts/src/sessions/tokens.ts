import { z } from 'zod';

export const RefreshRequest = z
  .object({ refreshToken: z.string().min(1).max(512) })
  .meta({ id: 'RefreshRequest' });
export type RefreshRequest = z.infer<typeof RefreshRequest>;

export const Tokens = z
  .object({
    token: z.string().describe('Access token (JWT), sent as bearer and in the socket handshake.'),
    refreshToken: z.string().describe('Can be used once; see POST /auth/refresh.'),
    expiresIn: z.int().positive().describe('Seconds until the access token expires.'),
  })
  .meta({ id: 'Tokens' });
export type Tokens = z.infer<typeof Tokens>;
