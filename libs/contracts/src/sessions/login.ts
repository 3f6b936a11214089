import { z } from 'zod';
import { OwnUser } from '../users/user.ts';
import { MAX_PASSWORD_LENGTH } from './password-length.ts';
import { Tokens } from './tokens.ts';

export const LoginRequest = z
  .object({
    email: z.string().trim().min(1).max(254),
    password: z.string().min(1).max(MAX_PASSWORD_LENGTH),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof LoginRequest>;

export const LoginResponse = Tokens.extend({ user: OwnUser }).meta({ id: 'LoginResponse' });
export type LoginResponse = z.infer<typeof LoginResponse>;
