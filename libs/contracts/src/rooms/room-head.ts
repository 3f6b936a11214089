import { z } from 'zod';
import { RoomId } from './room-id.ts';

/** Highest seq and rev of a room; 0 for a room without messages. */
export const RoomHead = z
  .object({
    roomId: RoomId,
    seq: z.int().min(0),
    rev: z.int().min(0),
  })
  .meta({ id: 'RoomHead' });
export type RoomHead = z.infer<typeof RoomHead>;
