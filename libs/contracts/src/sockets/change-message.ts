import { z } from 'zod';
import { ClientMessageId, MessageId } from '../messages/message-id.ts';
import { MessageText } from '../messages/message-text.ts';
import { Emoji } from '../messages/reaction.ts';
import { RoomId } from '../rooms/room-id.ts';

const target = {
  roomId: RoomId,
  messageId: MessageId,
  clientMessageId: ClientMessageId.optional().describe(
    'The same for every retry; random if absent.',
  ),
};

export const EditMessagePayload = z
  .object({ ...target, text: MessageText })
  .meta({ id: 'EditMessagePayload' });
export type EditMessagePayload = z.infer<typeof EditMessagePayload>;

export const DeleteMessagePayload = z.object(target).meta({ id: 'DeleteMessagePayload' });
export type DeleteMessagePayload = z.infer<typeof DeleteMessagePayload>;

export const ReactPayload = z
  .object({
    ...target,
    emoji: Emoji,
    on: z.boolean().describe('Whether to set or to remove the reaction.'),
  })
  .meta({ id: 'ReactPayload' });
export type ReactPayload = z.infer<typeof ReactPayload>;
