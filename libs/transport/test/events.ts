import { randomBytes } from 'node:crypto';
import { messageIdOf, type MessageCreate } from '@chat/messages/commands';

/** Returns an event of the room with a unique id. */
export function eventIn(roomId: string, text = 'hello'): MessageCreate {
  const clientMessageId = randomBytes(16).toString('base64url');
  const content = { userId: 'u'.repeat(22), roomId, clientMessageId, text };
  return {
    ...content,
    id: messageIdOf(content),
    username: 'ann',
    timestamp: new Date().toISOString(),
  };
}
