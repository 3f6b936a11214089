import { MessageId, ReadPosition, Role, Room, RoomId, UserId } from '@chat/contracts';
import { defineSignal } from '@chat/platform/signals';
import { z } from 'zod';

/** Maximum number of users in one signal. */
export const MAX_SIGNAL_USERS = 500;

/** Signal that a room has changed. */
export const ROOM_UPDATED = defineSignal('room-updated', { room: Room });

/** Signal that a room was deleted. */
export const ROOM_DELETED = defineSignal('room-deleted', {
  roomId: RoomId,
  userIds: z
    .array(UserId)
    .max(MAX_SIGNAL_USERS)
    .readonly()
    .describe('Members of the room; several signals are sent for a room with many members.'),
});

/** Maximum number of read positions in one signal. */
export const MAX_SIGNAL_POSITIONS = 500;

/** Signal that read positions have moved. */
export const READ_POSITIONS_MOVED = defineSignal('read-positions-moved', {
  positions: z
    .array(
      ReadPosition.extend({
        userId: UserId,
        socketId: z.string().optional().describe('The socket that requested the move.'),
        messageId: MessageId.optional().describe('The message of the user that caused the move.'),
      }),
    )
    .max(MAX_SIGNAL_POSITIONS)
    .readonly(),
});

/** Signal that a user joined or left a room, or has another role. */
export const MEMBER_CHANGED = defineSignal('member-changed', {
  room: Room,
  userId: UserId,
  role: Role.nullable().describe('null: no longer a member.'),
});
