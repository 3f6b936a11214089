import { ClientMessageId, MessageId, RoomId, UserId } from '@chat/contracts';
import { z } from 'zod';

/** Event pattern of {@link MessageCreate}. */
export const MESSAGE_CREATE = 'message.create';

/**
 * `message.create`: event that an edge publishes to the writer when it has accepted a send.
 *
 * The sender is authenticated and allowed to post to the room; the writer assigns seq and rev.
 * Sender, room, `clientMessageId` and text identify the message; `id` is derived from them, and is
 * the id in the sender's acknowledgement.
 */
export const MessageCreate = z.object({
  id: MessageId,
  roomId: RoomId,
  userId: UserId,
  username: z.string(),
  text: z.string(),
  clientMessageId: ClientMessageId,
  timestamp: z.iso.datetime().describe('Time at which the send was accepted.'),
});
export type MessageCreate = z.infer<typeof MessageCreate>;
