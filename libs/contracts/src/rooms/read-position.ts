import { z } from 'zod';
import { RoomId } from './room-id.ts';

export const LastReadSeq = z
  .int()
  .min(0)
  .describe('Seq of the last message that counts as read; 0 if none does.');

export const Unread = z
  .int()
  .min(0)
  .describe('Number of messages after `lastReadSeq`, with deleted ones.');

export const ReadPosition = z
  .object({ roomId: RoomId, lastReadSeq: LastReadSeq, unread: Unread })
  .meta({ id: 'ReadPosition' });
export type ReadPosition = z.infer<typeof ReadPosition>;
