import { z } from 'zod';
import { Message } from '../messages/message.ts';
import { Role } from './member.ts';
import { LastReadSeq, Unread } from './read-position.ts';
import { Room } from './room.ts';

export const RoomSummary = Room.extend({
  role: Role.optional().describe(
    'Role of the caller; absent for a public room that the caller has not joined.',
  ),
  seq: z.int().min(0),
  rev: z.int().min(0),
  lastMessage: Message.optional(),
  lastReadSeq: LastReadSeq.optional(),
  unread: Unread.optional(),
}).meta({
  id: 'RoomSummary',
  description:
    "A room with its head and last message; `lastReadSeq` and `unread` are present only in the list of the caller's rooms.",
});
export type RoomSummary = z.infer<typeof RoomSummary>;
export const RoomSummaries = z.array(RoomSummary);

export const RoomListQuery = z.object({
  discover: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe(
      "Whether to return public rooms, including those that the caller has joined, instead of the caller's rooms.",
    ),
  query: z
    .string()
    .trim()
    .max(64)
    .optional()
    .describe('Part of the name or topic; only with `discover`.'),
});
export type RoomListQuery = z.infer<typeof RoomListQuery>;
