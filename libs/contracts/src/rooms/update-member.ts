import { z } from 'zod';
import { Role } from './member.ts';

export const UpdateMemberRequest = z
  .object({ role: Role.describe('`owner` hands the room over: its owner becomes a moderator.') })
  .meta({ id: 'UpdateMemberRequest' });
export type UpdateMemberRequest = z.infer<typeof UpdateMemberRequest>;
