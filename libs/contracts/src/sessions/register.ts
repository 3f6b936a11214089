import { z } from 'zod';
import { DisplayName, Username } from '../users/user.ts';
import { LoginResponse } from './login.ts';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './password-length.ts';

export const RegisterRequest = z
  .object({
    email: z.string().trim().max(254).pipe(z.email()),
    password: z.string().min(MIN_PASSWORD_LENGTH).max(MAX_PASSWORD_LENGTH),
    username: Username.optional().describe("Defaults to the email's local part, made unique."),
    displayName: DisplayName.optional().describe('Defaults to the username.'),
  })
  .meta({ id: 'RegisterRequest' });
export type RegisterRequest = z.infer<typeof RegisterRequest>;

export const RegisterResponse = LoginResponse.extend({ message: z.string() }).meta({
  id: 'RegisterResponse',
});
export type RegisterResponse = z.infer<typeof RegisterResponse>;
