import { z } from 'zod';
import { ClientMessageId, MessageId, RoomId, UserId } from './ids.ts';
import {
  DEFAULT_PAGE_SIZE,
  limitParameter,
  MAX_PAGE_SIZE,
  MAX_TEXT_LENGTH,
  QueryNumber,
} from './limits.ts';

/** Position of a message in its room: 1, 2, 3 … without gaps, never reused. */
export const Seq = z.int().min(1);
/** Number of a change to a room's messages: 1, 2, 3 … without gaps. */
export const Rev = z.int().min(1);

export const MessageText = z
  .string()
  .trim()
  .min(1)
  .max(MAX_TEXT_LENGTH)
  .refine((text) => !text.includes('\0'), 'must not contain the NUL character');

export const Message = z
  .object({
    id: MessageId,
    roomId: RoomId,
    seq: Seq.describe('Position in the room.'),
    rev: Rev.describe('Number of the latest change to this message in its room.'),
    userId: UserId,
    username: z.string(),
    text: z.string(),
    timestamp: z.iso
      .datetime()
      .describe('Time at which the server accepted the message. Messages are ordered by `seq`.'),
    clientMessageId: ClientMessageId.optional(),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;

export const Messages = z.array(Message);

/** Highest seq and rev of a room; 0 for a room without messages. */
export const RoomHead = z
  .object({
    roomId: RoomId,
    seq: z.int().min(0),
    rev: z.int().min(0),
  })
  .meta({ id: 'RoomHead' });
export type RoomHead = z.infer<typeof RoomHead>;

/** Rev of a room as one service knows it; used in calls between services. */
export const RoomRev = z.object({ roomId: RoomHead.shape.roomId, rev: RoomHead.shape.rev });
export type RoomRev = z.infer<typeof RoomRev>;

const Limit = limitParameter(MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE);
const Cursor = QueryNumber;

export const HistoryQuery = z
  .object({
    limit: Limit,
    before: Cursor.optional().describe('Returns the nearest messages with a smaller seq.'),
    after: Cursor.optional().describe('Returns the nearest messages with a greater seq.'),
    around: Cursor.optional().describe('Returns the page around the message with this seq.'),
  })
  .refine(
    ({ before, after, around }) =>
      [before, after, around].filter((c) => c !== undefined).length <= 1,
    'only one of before, after and around may be given',
  );
export type HistoryQuery = z.infer<typeof HistoryQuery>;

export const ChangesQuery = z.object({
  since: Cursor.describe('Highest rev that the client has; 0 for all changes.'),
  limit: Limit,
});
export type ChangesQuery = z.infer<typeof ChangesQuery>;

export const Changes = z
  .object({
    rev: z.int().min(0).describe('Last rev of this page.'),
    complete: z.boolean().describe('Whether `rev` is the head of the room.'),
    changes: Messages.describe('Messages changed after `since`, in the order of rev.'),
  })
  .meta({ id: 'Changes' });
export type Changes = z.infer<typeof Changes>;
