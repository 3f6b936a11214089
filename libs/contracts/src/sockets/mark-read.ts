import { z } from 'zod';
import { ReadPosition } from '../rooms/read-position.ts';
import { RoomId } from '../rooms/room-id.ts';

const payload = z.object({
  roomId: RoomId,
  seq: z
    .int()
    .min(0)
    .describe('The new `lastReadSeq`; one beyond the head of the room counts as the head.'),
});

export const MarkReadPayload = payload.meta({ id: 'MarkReadPayload' });
export type MarkReadPayload = z.infer<typeof MarkReadPayload>;

export const MarkUnreadPayload = payload.meta({ id: 'MarkUnreadPayload' });
export type MarkUnreadPayload = z.infer<typeof MarkUnreadPayload>;

export const MarkReadResult = ReadPosition.omit({ roomId: true }).meta({ id: 'MarkReadResult' });
export type MarkReadResult = z.infer<typeof MarkReadResult>;
