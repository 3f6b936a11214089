import { Role, Room, RoomId, UserId } from '@chat/contracts';
import { z } from 'zod';

/** Most users that one signal names. */
export const MAX_SIGNAL_USERS = 500;

/** Something that sockets must hear of at once, wherever they are connected. */
export const Signal = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session-ended'), sessionId: z.string() }).readonly(),
  z.object({ type: z.literal('room-updated'), room: Room }).readonly(),
  z
    .object({
      type: z.literal('room-deleted'),
      roomId: RoomId,
      userIds: z
        .array(UserId)
        .max(MAX_SIGNAL_USERS)
        .readonly()
        .describe('Who was in it; a room of many members is told by several signals.'),
    })
    .readonly(),
  z
    .object({
      type: z.literal('member-changed'),
      room: Room,
      userId: UserId,
      role: Role.nullable().describe('null: no longer a member.'),
    })
    .readonly(),
]);
export type Signal = z.infer<typeof Signal>;

/**
 * Signals between features and between processes. A hint that may be lost:
 * whoever depends on it also looks the truth up from time to time.
 */
export abstract class Signals {
  /** Never throws. */
  abstract publish(signal: Signal): void;
  /** Every process that listens hears every signal. */
  abstract subscribe(listener: (signal: Signal) => void): () => void;
}
