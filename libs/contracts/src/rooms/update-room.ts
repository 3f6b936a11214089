import { z } from 'zod';
import { Topic } from './room.ts';

export const UpdateRoomRequest = z
  .object({
    name: z.string().trim().min(1).max(64).optional().describe('For private rooms only.'),
    topic: Topic.optional(),
  })
  .meta({ id: 'UpdateRoomRequest' });
export type UpdateRoomRequest = z.infer<typeof UpdateRoomRequest>;
