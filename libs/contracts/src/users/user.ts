import { z } from 'zod';
import { UserId } from './user-id.ts';

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
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'User', description: 'Public profile of a user.' });
export type User = z.infer<typeof User>;
export const Users = z.array(User);

export const OwnUser = User.extend({ email: z.email() }).meta({
  id: 'OwnUser',
  description: 'Profile of the signed-in user, with the private email address.',
});
export type OwnUser = z.infer<typeof OwnUser>;
