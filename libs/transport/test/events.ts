import { randomBytes } from 'node:crypto';
import type { MessageCreate } from '@chat/contracts';

/** An event of the room, told from all others by its id. */
export function eventIn(roomId: string, text = 'hello'): MessageCreate {
  const id = randomBytes(16).toString('base64url');
  return {
    id,
    roomId,
    userId: 'u'.repeat(22),
    username: 'ann',
    text,
    clientMessageId: id,
    timestamp: new Date().toISOString(),
  };
}
