import { z } from 'zod';
import { NamedRoomId } from './room-id.ts';
import { Topic } from './room.ts';

export const CreateRoomRequest = z
  .discriminatedUnion('visibility', [
    z.object({
      visibility: z.literal('public'),
      name: z.string().trim().pipe(NamedRoomId).describe('Also the id of the room.'),
      topic: Topic.optional(),
    }),
    z.object({
      visibility: z.literal('private'),
      name: z.string().trim().min(1).max(64),
      topic: Topic.optional(),
    }),
  ])
  .meta({ id: 'CreateRoomRequest' });
export type CreateRoomRequest = z.infer<typeof CreateRoomRequest>;
