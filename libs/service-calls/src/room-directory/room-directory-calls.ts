import { Changes, Role, RoomHead, RoomId, UserId } from '@chat/contracts';
import { z } from 'zod';

/** Calls of the edge to the messages service, by path: what is asked and what is answered. */
export const ROOM_DIRECTORY_CALLS = {
  join: {
    path: '/internal/rooms/join',
    request: z.object({ userId: UserId, roomId: RoomId }),
    answer: z.object({ role: Role, head: RoomHead }),
  },
  roleOf: {
    path: '/internal/rooms/role',
    request: z.object({ userId: UserId, roomId: RoomId }),
    answer: z.object({ role: Role.nullable() }),
  },
  heads: {
    path: '/internal/rooms/heads',
    request: z.object({ roomIds: z.array(RoomId).max(1_000) }),
    answer: z.object({ heads: z.array(RoomHead) }),
  },
  changes: {
    path: '/internal/rooms/changes',
    request: z.object({
      roomId: RoomId,
      since: z.int().min(0),
      limit: z.int().min(1).max(1_000),
    }),
    answer: Changes,
  },
} as const;
