import { z } from 'zod';
import { Role } from './member.ts';

export const UpdateMemberRequest = z
  .object({
    role: Role.describe(
      '`owner` hands the room over to this member: the previous owner becomes a moderator.',
    ),
  })
  .meta({ id: 'UpdateMemberRequest' });
export type UpdateMemberRequest = z.infer<typeof UpdateMemberRequest>;
