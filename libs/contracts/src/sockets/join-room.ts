import { z } from 'zod';
import { Messages } from '../messages/message.ts';
import { Role } from '../rooms/member.ts';
import { RoomId } from '../rooms/room-id.ts';

/** Maximum number of changes in the acknowledgement of `joinRoom`. */
export const MAX_JOIN_CHANGES = 100;
/** Maximum bytes of these changes; a client reads the remaining ones page by page. */
export const MAX_JOIN_BYTES = 256 * 1024;

export const JoinRoomPayload = z
  .union([
    RoomId.transform((roomId): { roomId: string; since?: number } => ({ roomId })),
    z.object({
      roomId: RoomId,
      since: z.int().min(0).optional().describe('Highest rev that the client has of this room.'),
    }),
  ])
  .meta({ id: 'JoinRoomPayload' });
export type JoinRoomPayload = z.input<typeof JoinRoomPayload>;

export const JoinRoomResult = z
  .object({
    roomId: RoomId,
    seq: z.int().min(0),
    rev: z.int().min(0).describe('Head of the room; later changes arrive as events.'),
    role: Role,
    changes: Messages.optional().describe('Changes after `since`, as many as fit.'),
    complete: z
      .boolean()
      .optional()
      .describe('With `since`: whether `changes` is complete; if not, call GET /messages/changes.'),
  })
  .meta({ id: 'JoinRoomResult' });
export type JoinRoomResult = z.infer<typeof JoinRoomResult>;
