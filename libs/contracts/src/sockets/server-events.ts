import { z } from 'zod';
import { SocketError } from '../errors/socket-error.ts';
import { MessageChange } from '../messages/message-change.ts';
import { MessageId } from '../messages/message-id.ts';
import { Message, Rev } from '../messages/message.ts';
import { Role } from '../rooms/member.ts';
import { ReadPosition, Unread } from '../rooms/read-position.ts';
import { RoomHead } from '../rooms/room-head.ts';
import { RoomId } from '../rooms/room-id.ts';
import { Room } from '../rooms/room.ts';
import { UserId } from '../users/user-id.ts';

export const MemberChanged = z
  .object({
    roomId: RoomId,
    userId: UserId,
    role: Role.nullable().describe('null: no longer a member.'),
  })
  .meta({ id: 'MemberChanged' });
export type MemberChanged = z.infer<typeof MemberChanged>;

export const RoomRemoved = z.object({ roomId: RoomId }).meta({ id: 'RoomRemoved' });
export type RoomRemoved = z.infer<typeof RoomRemoved>;

const Since = z
  .int()
  .min(0)
  .optional()
  .describe('The event covers all revs after this one; by default only its own.');

export const ReceivedMessage = Message.extend({ since: Since }).meta({ id: 'ReceivedMessage' });
export type ReceivedMessage = z.infer<typeof ReceivedMessage>;

export const MessageChanged = z
  .object({
    roomId: RoomId,
    rev: Rev,
    messageId: MessageId,
    change: MessageChange,
    since: Since,
  })
  .meta({ id: 'MessageChanged' });
export type MessageChanged = z.infer<typeof MessageChanged>;

const UpdatedHead = RoomHead.extend({
  since: Since,
  lastMessage: Message.optional().describe('Absent for a room that the socket has joined.'),
  unread: Unread.optional().describe(
    'Number of messages after the read position. Absent for a room that the socket has joined.',
  ),
});

export const RoomHeads = z.array(UpdatedHead).meta({ id: 'RoomHeads' });
export type RoomHeads = z.infer<typeof RoomHeads>;

export const Exception = z
  .object({ event: z.string(), error: SocketError })
  .meta({ id: 'Exception' });
export type Exception = z.infer<typeof Exception>;

export const SessionExpired = z.object({}).meta({ id: 'SessionExpired' });
export type SessionExpired = z.infer<typeof SessionExpired>;

export const ServerDraining = z
  .object({ reconnectInMs: z.int().min(0).describe('Delay until reconnecting; varies by client.') })
  .meta({ id: 'ServerDraining' });
export type ServerDraining = z.infer<typeof ServerDraining>;

/** Events from server to client, with their payload. */
export const SERVER_EVENTS = {
  receiveMessage: {
    payload: ReceivedMessage,
    summary: 'A message was stored in a joined room.',
  },
  messageChanged: {
    payload: MessageChanged,
    summary: 'A message in a joined room was edited, deleted or reacted to.',
  },
  roomHeads: {
    payload: RoomHeads,
    summary:
      'Heads of rooms of the user that have changed; of joined rooms periodically and after failures.',
  },
  readPosition: {
    payload: ReadPosition,
    summary: 'Another socket of the user has moved the read position in a room.',
  },
  roomUpdated: { payload: Room, summary: 'A room of the user changed.' },
  memberChanged: {
    payload: MemberChanged,
    summary: 'A user joined or left a room, or the role of a member changed.',
  },
  roomAdded: { payload: Room, summary: 'The user is now a member of this room.' },
  roomRemoved: { payload: RoomRemoved, summary: 'The user may no longer read this room.' },
  exception: {
    payload: Exception,
    summary: 'An event that requested no acknowledgement failed.',
  },
  sessionExpired: {
    payload: SessionExpired,
    summary: 'The session ended; the server closes the socket next.',
  },
  serverDraining: {
    payload: ServerDraining,
    summary: 'The server is stopping: reconnect after the given delay.',
  },
} as const;
export type ServerEvent = keyof typeof SERVER_EVENTS;

export type ServerPayload<E extends ServerEvent> = z.infer<(typeof SERVER_EVENTS)[E]['payload']>;

/** Event map for Socket.IO, server to client. */
export type ServerToClientEvents = {
  [E in ServerEvent]: (payload: ServerPayload<E>) => void;
};
