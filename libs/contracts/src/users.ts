import { z } from 'zod';
import { UserId } from './ids.ts';
import { limitParameter, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './limits.ts';

const Timestamp = z.iso.datetime();

export const Username = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,31}$/u, 'must be 1 to 32 letters, digits, ".", "_" or "-"')
  .meta({ id: 'Username', description: 'Unique, regardless of case.' });

export const DisplayName = z.string().trim().min(1).max(64).meta({ id: 'DisplayName' });

export const User = z
  .object({
    id: UserId,
    username: z.string(),
    displayName: z.string(),
    avatarUrl: z.url().optional(),
    createdAt: Timestamp,
  })
  .meta({ id: 'User', description: 'Public profile of a user.' });
export type User = z.infer<typeof User>;

export const OwnUser = User.extend({ email: z.email() }).meta({
  id: 'OwnUser',
  description: 'Profile of the signed-in user, with the private email address.',
});
export type OwnUser = z.infer<typeof OwnUser>;

export const RegisterRequest = z
  .object({
    email: z.string().trim().max(254).pipe(z.email()),
    password: z.string().min(MIN_PASSWORD_LENGTH).max(MAX_PASSWORD_LENGTH),
    username: Username.optional().describe("Defaults to the email's local part, made unique."),
    displayName: DisplayName.optional().describe('Defaults to the username.'),
  })
  .meta({ id: 'RegisterRequest' });
export type RegisterRequest = z.infer<typeof RegisterRequest>;

export const LoginRequest = z
  .object({
    email: z.string().trim().min(1).max(254),
    password: z.string().min(1).max(MAX_PASSWORD_LENGTH),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof LoginRequest>;

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

export const LoginResponse = Tokens.extend({ user: OwnUser }).meta({ id: 'LoginResponse' });
export type LoginResponse = z.infer<typeof LoginResponse>;

export const RegisterResponse = LoginResponse.extend({ message: z.string() }).meta({
  id: 'RegisterResponse',
});
export type RegisterResponse = z.infer<typeof RegisterResponse>;

export const Session = z
  .object({
    id: z.string(),
    createdAt: Timestamp,
    lastUsedAt: Timestamp.describe('Time at which its tokens were last issued.'),
    userAgent: z.string().optional(),
    current: z.boolean().describe('Whether this session made the request.'),
  })
  .meta({ id: 'Session', description: 'Sign-in of one browser or program.' });
export type Session = z.infer<typeof Session>;
export const Sessions = z.array(Session);

export const UpdateMeRequest = z
  .object({ displayName: DisplayName })
  .meta({ id: 'UpdateMeRequest' });
export type UpdateMeRequest = z.infer<typeof UpdateMeRequest>;

export const UserSearchQuery = z.object({
  query: z.string().trim().min(1).max(64).describe('Prefix of a username or display name.'),
  limit: limitParameter(50, 20),
});
export type UserSearchQuery = z.infer<typeof UserSearchQuery>;
export const Users = z.array(User);
