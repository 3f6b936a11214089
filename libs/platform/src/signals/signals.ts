import { Role, Room, RoomId, UserId } from '@chat/contracts';
import { z } from 'zod';

/** Maximum number of users in one signal. */
export const MAX_SIGNAL_USERS = 500;

/** Notification between processes about a change that affects sockets on any instance. */
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
        .describe('Members of the room; several signals are sent for a room with many members.'),
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
 * Port for signals between features and between processes. Delivery is best effort: subscribers
 * also poll the authoritative state.
 */
export abstract class Signals {
  /** Publishes a signal; never throws. */
  abstract publish(signal: Signal): void;
  /** Subscribes to all signals of all processes; returns a function that unsubscribes. */
  abstract subscribe(listener: (signal: Signal) => void): () => void;
}
