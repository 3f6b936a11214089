import { z } from 'zod';
import { ClientMessageId, MessageId, RoomId, UserId } from './ids.ts';
import {
  DEFAULT_PAGE_SIZE,
  limitOf,
  MAX_PAGE_SIZE,
  MAX_TEXT_LENGTH,
  QueryNumber,
} from './limits.ts';

/** Position of a message in its room: 1, 2, 3 … without gaps, never reused. */
export const Seq = z.int().min(1);
/** Counter of every change to a room's messages: 1, 2, 3 … without gaps. */
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
    rev: Rev.describe("The room's latest change that touched this message."),
    userId: UserId,
    username: z.string(),
    text: z.string(),
    timestamp: z.iso
      .datetime()
      .describe("When the server accepted it, by the server's clock. Order is `seq`."),
    clientMessageId: ClientMessageId.optional(),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;

export const Messages = z.array(Message);

/** How far a room has come; zero for a room without messages. */
export const RoomHead = z
  .object({
    roomId: RoomId,
    seq: z.int().min(0),
    rev: z.int().min(0),
  })
  .meta({ id: 'RoomHead' });
export type RoomHead = z.infer<typeof RoomHead>;

/** Between services: the rev of a room, as one side knows it. */
export const RoomRev = z.object({ roomId: RoomHead.shape.roomId, rev: RoomHead.shape.rev });
export type RoomRev = z.infer<typeof RoomRev>;

const Limit = limitOf(MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE);
const Cursor = QueryNumber;

export const HistoryQuery = z
  .object({
    limit: Limit,
    before: Cursor.optional().describe('Messages with a smaller seq, the nearest ones.'),
    after: Cursor.optional().describe('Messages with a greater seq, the nearest ones.'),
    around: Cursor.optional().describe('The message with this seq in the middle of the page.'),
  })
  .refine(
    ({ before, after, around }) =>
      [before, after, around].filter((c) => c !== undefined).length <= 1,
    'only one of before, after and around may be given',
  );
export type HistoryQuery = z.infer<typeof HistoryQuery>;

export const ChangesQuery = z.object({
  since: Cursor.describe('The last rev that the caller has; 0 for all.'),
  limit: Limit,
});
export type ChangesQuery = z.infer<typeof ChangesQuery>;

export const Changes = z
  .object({
    rev: z.int().min(0).describe('The last rev that this page covers.'),
    complete: z.boolean().describe("Whether `rev` is the room's head."),
    changes: Messages.describe('Every message changed after `since`, in rev order.'),
  })
  .meta({ id: 'Changes' });
export type Changes = z.infer<typeof Changes>;
