import { z } from 'zod';
import { ClientMessageId, MessageId } from '../messages/message-id.ts';
import { MessageText } from '../messages/message-text.ts';
import { RoomId } from '../rooms/room-id.ts';

/** Unknown properties (`userId`, `username` and `timestamp` from older clients) are dropped. */
export const SendMessagePayload = z
  .object({ roomId: RoomId, text: MessageText, clientMessageId: ClientMessageId.optional() })
  .meta({ id: 'SendMessagePayload' });
export type SendMessagePayload = z.infer<typeof SendMessagePayload>;

export const SendMessageResult = z
  .object({ id: MessageId, clientMessageId: ClientMessageId })
  .meta({ id: 'SendMessageResult' });
export type SendMessageResult = z.infer<typeof SendMessageResult>;
