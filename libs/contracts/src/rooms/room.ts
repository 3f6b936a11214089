import { z } from 'zod';
import { UserId } from '../users/user-id.ts';
import { RoomId } from './room-id.ts';

export const Visibility = z.enum(['public', 'private']).meta({ id: 'Visibility' });
export type Visibility = z.infer<typeof Visibility>;

export const Topic = z.string().trim().max(250);

export const Room = z
  .object({
    id: RoomId,
    name: z.string(),
    visibility: Visibility,
    topic: z.string().optional(),
    createdBy: UserId.optional().describe('Absent for rooms that always exist.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Room' });
export type Room = z.infer<typeof Room>;
