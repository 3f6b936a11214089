import { Changes, Role, RoomHead, RoomId, RoomRev, UserId } from '@chat/contracts';
import { MAX_REVS_ASKED } from '@chat/realtime';
import { z } from 'zod';

/** As many as fit into a body, whose size is limited, whatever their lengths. */
export const MAX_ROLES_PER_CALL = 300;

/** Calls of the edge to the messages service, by path: what is asked and what is answered. */
export const ROOM_DIRECTORY_CALLS = {
  join: {
    path: '/internal/rooms/join',
    request: z.object({ userId: UserId, roomId: RoomId }),
    answer: z.object({ role: Role, head: RoomHead }),
  },
  rolesOf: {
    path: '/internal/rooms/roles',
    request: z.object({
      memberships: z.array(z.object({ userId: UserId, roomId: RoomId })).max(MAX_ROLES_PER_CALL),
    }),
    answer: z.object({ roles: z.array(Role.nullable()) }),
  },
  head: {
    path: '/internal/rooms/head',
    request: z.object({ roomId: RoomId }),
    answer: RoomHead,
  },
  revsBeyond: {
    path: '/internal/rooms/revs-beyond',
    request: z.object({ known: z.array(RoomRev).max(MAX_REVS_ASKED) }),
    answer: z.object({ moved: z.array(RoomRev) }),
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
