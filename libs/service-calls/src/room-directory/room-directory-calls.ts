import { Emoji, MarkReadResult, MessageId, Role, RoomHead, RoomId, UserId } from '@chat/contracts';
import { RoomRev, StoredChanges } from '@chat/messages';
import { CommandKind } from '@chat/messages/commands';
import { MAX_REVS_PER_CALL, MAX_USERS_PER_CALL } from '@chat/realtime';
import { z } from 'zod';

/** Keeps a request within the body size limit even with ids of maximum length. */
export const MAX_ROLES_PER_CALL = 300;

/** Codes with which `messages` refuses a command. */
export const RefusalCode = z.enum(['NOT_FOUND', 'FORBIDDEN', 'CONFLICT']);

/** Calls from `chat` to the `messages` service: path, request and response of each. */
export const ROOM_DIRECTORY_CALLS = {
  join: {
    path: '/internal/rooms/join',
    request: z.object({ userId: UserId, roomId: RoomId }),
    response: z.object({ role: Role, head: RoomHead }),
  },
  rolesOf: {
    path: '/internal/rooms/roles',
    request: z.object({
      memberships: z.array(z.object({ userId: UserId, roomId: RoomId })).max(MAX_ROLES_PER_CALL),
    }),
    response: z.object({ roles: z.array(Role.nullable()) }),
  },
  positionsOf: {
    path: '/internal/rooms/positions',
    request: z.object({ userIds: z.array(UserId).max(MAX_USERS_PER_CALL) }),
    response: z.object({
      positions: z.array(z.object({ roomId: RoomId, userId: UserId, lastReadSeq: z.int().min(0) })),
      complete: z.boolean(),
    }),
  },
  head: {
    path: '/internal/rooms/head',
    request: z.object({ roomId: RoomId }),
    response: RoomHead,
  },
  newerRevs: {
    // The path and `moved` stay, so that both versions of a rolling upgrade understand each other.
    path: '/internal/rooms/revs-beyond',
    request: z.object({ known: z.array(RoomRev).max(MAX_REVS_PER_CALL) }),
    response: z.object({ moved: z.array(RoomRev) }),
  },
  changes: {
    path: '/internal/rooms/changes',
    request: z.object({
      roomId: RoomId,
      since: z.int().min(0),
      limit: z.int().min(1).max(1_000),
    }),
    response: StoredChanges,
  },
  requireAllowed: {
    path: '/internal/messages/require-allowed',
    request: z.object({
      userId: UserId,
      roomId: RoomId,
      messageId: MessageId,
      kind: CommandKind,
      reaction: z.object({ emoji: Emoji, on: z.boolean() }).optional(),
    }),
    /** Not an error response: for an unknown path an older instance responds with NOT_FOUND. */
    response: z.object({
      refusal: z
        .object({ code: RefusalCode, message: z.string(), isDeleted: z.boolean().optional() })
        .optional(),
    }),
  },
  moveReadPosition: {
    path: '/internal/rooms/move-read-position',
    request: z.object({
      userId: UserId,
      roomId: RoomId,
      seq: z.int().min(0),
      backwards: z.boolean(),
      socketId: z.string().max(64),
    }),
    /** null for a user who is not a member: an older instance responds with NOT_FOUND. */
    response: z.object({ position: MarkReadResult.nullable() }),
  },
} as const;
