import { z } from 'zod';
import { ClientMessageId, MessageId, RoomId, UserId } from './ids.ts';

/** Pattern of {@link MessageCreate} on the way to the writer. */
export const MESSAGE_CREATE = 'message.create';

/**
 * `message.create`: what the edge hands to the writer once a send is accepted.
 * Sender, room and authorisation are decided; seq and rev are given by the writer.
 * Sender, room, `clientMessageId` and text identify the message; `id` is the id that
 * the sender was told, which follows from them.
 */
export const MessageCreate = z.object({
  id: MessageId,
  roomId: RoomId,
  userId: UserId,
  username: z.string(),
  text: z.string(),
  clientMessageId: ClientMessageId,
  timestamp: z.iso.datetime().describe('When the send was accepted.'),
});
export type MessageCreate = z.infer<typeof MessageCreate>;
