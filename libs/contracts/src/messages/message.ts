import { z } from 'zod';
import { RoomId } from '../rooms/room-id.ts';
import { UserId } from '../users/user-id.ts';
import { ClientMessageId, MessageId } from './message-id.ts';
import { MAX_TEXT_LENGTH } from './message-text.ts';
import { MAX_REACTION_EMOJI, Reaction } from './reaction.ts';

/** Position of a message in its room: 1, 2, 3 … without gaps, never reused. */
export const Seq = z.int().min(1);
/** Number of a change to a room's messages: 1, 2, 3 … without gaps. */
export const Rev = z.int().min(1);

export const Message = z
  .object({
    id: MessageId,
    roomId: RoomId,
    seq: Seq.describe('Position in the room.'),
    rev: Rev.describe('Number of the latest change to this message in its room.'),
    userId: UserId,
    username: z.string(),
    text: z.string().describe('Empty for a deleted message.'),
    timestamp: z.iso
      .datetime()
      .describe('Time at which the server accepted the message. Messages are ordered by `seq`.'),
    clientMessageId: ClientMessageId.optional(),
    editedAt: z.iso.datetime().optional().describe('Time of the latest edit.'),
    deletedAt: z.iso.datetime().optional(),
    reactions: z.array(Reaction).max(MAX_REACTION_EMOJI).optional(),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;

export const Messages = z.array(Message);

/** Maximum bytes of one message in a response: its text in UTF-8, and its other fields. */
export const MAX_MESSAGE_BYTES = 3 * MAX_TEXT_LENGTH + 1_024;
