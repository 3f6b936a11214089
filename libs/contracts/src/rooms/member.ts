import { z } from 'zod';
import { limitParameter } from '../requests/query-number.ts';
import { UserId } from '../users/user-id.ts';

export const Role = z.enum(['owner', 'moderator', 'member']).meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

export const Member = z
  .object({
    userId: UserId,
    username: z.string(),
    displayName: z.string(),
    role: Role,
    joinedAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof Member>;

export const Members = z.array(Member);

export const MemberListQuery = z.object({
  limit: limitParameter(200, 100),
  after: UserId.optional().describe('Last user id of the previous page.'),
});
export type MemberListQuery = z.infer<typeof MemberListQuery>;

export const AddMemberRequest = z.object({ userId: UserId }).meta({ id: 'AddMemberRequest' });
export type AddMemberRequest = z.infer<typeof AddMemberRequest>;
