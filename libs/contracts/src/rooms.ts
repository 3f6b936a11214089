import { z } from 'zod';
import { NamedRoomId, RoomId, UserId } from './ids.ts';
import { limitParameter } from './limits.ts';
import { Message } from './messages.ts';

/** Id of the room that always exists. */
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
    createdBy: UserId.optional().describe('Absent for rooms that always exist.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Room' });
export type Room = z.infer<typeof Room>;

export const RoomSummary = Room.extend({
  role: Role.optional().describe(
    'Role of the caller; absent for a public room that the caller has not joined.',
  ),
  seq: z.int().min(0),
  rev: z.int().min(0),
  lastMessage: Message.optional(),
}).meta({ id: 'RoomSummary', description: 'A room with its head and last message.' });
export type RoomSummary = z.infer<typeof RoomSummary>;
export const RoomSummaries = z.array(RoomSummary);

export const Topic = z.string().trim().max(250);

export const CreateRoomRequest = z
  .discriminatedUnion('visibility', [
    z.object({
      visibility: z.literal('public'),
      name: z.string().trim().pipe(NamedRoomId).describe('Also the id of the room.'),
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
    name: z.string().trim().min(1).max(64).optional().describe('For private rooms only.'),
    topic: Topic.optional(),
  })
  .meta({ id: 'UpdateRoomRequest' });
export type UpdateRoomRequest = z.infer<typeof UpdateRoomRequest>;

export const RoomListQuery = z.object({
  discover: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('Whether to return public rooms to join instead of the rooms of the caller.'),
  query: z
    .string()
    .trim()
    .max(64)
    .optional()
    .describe('Part of the name or topic; only with `discover`.'),
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
  limit: limitParameter(200, 100),
  after: UserId.optional().describe('Last user id of the previous page.'),
});
export type MemberListQuery = z.infer<typeof MemberListQuery>;

export const AddMemberRequest = z.object({ userId: UserId }).meta({ id: 'AddMemberRequest' });
export type AddMemberRequest = z.infer<typeof AddMemberRequest>;
