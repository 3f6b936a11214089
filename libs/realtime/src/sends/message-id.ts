import { createHash } from 'node:crypto';

/**
 * The id of a message: 128 bits of SHA-256 over sender, room and client's id, as
 * base64url. The same send is the same message on every instance, for ever.
 */
export function messageIdOf(userId: string, roomId: string, clientMessageId: string): string {
  return createHash('sha256')
    .update(`${userId}\0${roomId}\0${clientMessageId}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
}
