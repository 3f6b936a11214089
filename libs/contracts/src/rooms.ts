import { z } from 'zod';
import { NamedRoomId, RoomId, UserId } from './ids.ts';
import { limitOf } from './limits.ts';
import { Message } from './messages.ts';

/** The room that exists from the start. */
export const GENERAL_ROOM_ID = 'general';

export const Role = z.enum(['owner', 'moderator', 'member']).meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

export const Visibility = z.enum(['public', 'private']).meta({ id: 'Visibility' });
export type Visibility = z.infer<typeof Visibility>;

export const Room = z
  .object({
    id: RoomId,
    name: z.string(),
    visibility: Visibility,
    topic: z.string().optional(),
    createdBy: UserId.optional().describe('Absent for rooms that exist from the start.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Room' });
export type Room = z.infer<typeof Room>;

export const RoomSummary = Room.extend({
  role: Role.optional().describe(
    "The caller's role; absent for a public room the caller is not in.",
  ),
  seq: z.int().min(0),
  rev: z.int().min(0),
  lastMessage: Message.optional(),
}).meta({ id: 'RoomSummary', description: 'A room and how far its conversation has come.' });
export type RoomSummary = z.infer<typeof RoomSummary>;
export const RoomSummaries = z.array(RoomSummary);

export const Topic = z.string().trim().max(250);

export const CreateRoomRequest = z
  .discriminatedUnion('visibility', [
    z.object({
      visibility: z.literal('public'),
      name: z.string().trim().pipe(NamedRoomId).describe('Becomes the id of the room.'),
      topic: Topic.optional(),
    }),
    z.object({
      visibility: z.literal('private'),
      name: z.string().trim().min(1).max(64),
      topic: Topic.optional(),
    }),
  ])
  .meta({ id: 'CreateRoomRequest' });
export type CreateRoomRequest = z.infer<typeof CreateRoomRequest>;

export const UpdateRoomRequest = z
  .object({
    name: z.string().trim().min(1).max(64).optional().describe('Of a private room only.'),
    topic: Topic.optional(),
  })
  .meta({ id: 'UpdateRoomRequest' });
export type UpdateRoomRequest = z.infer<typeof UpdateRoomRequest>;

export const RoomListQuery = z.object({
  discover: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('Public rooms to join instead of the rooms I am in.'),
  query: z.string().trim().max(64).optional().describe('Part of the name; with `discover` only.'),
});
export type RoomListQuery = z.infer<typeof RoomListQuery>;

export const Member = z
  .object({
    userId: UserId,
    username: z.string(),
    displayName: z.string(),
    role: Role,
    joinedAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof Member>;

export const Members = z.array(Member);

export const MemberListQuery = z.object({
  limit: limitOf(200, 100),
  after: UserId.optional().describe('The last user id of the page before.'),
});
export type MemberListQuery = z.infer<typeof MemberListQuery>;

export const AddMemberRequest = z.object({ userId: UserId }).meta({ id: 'AddMemberRequest' });
export type AddMemberRequest = z.infer<typeof AddMemberRequest>;
