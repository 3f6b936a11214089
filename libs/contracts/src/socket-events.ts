import { z } from 'zod';
import { SocketError } from './errors.ts';
import { ClientMessageId, MessageId, RoomId, UserId } from './ids.ts';
import { Message, Messages, MessageText, RoomHead } from './messages.ts';
import { Role, Room } from './rooms.ts';

const RoomRef = z.union([RoomId.transform((roomId) => ({ roomId })), z.object({ roomId: RoomId })]);

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

export const LeaveRoomPayload = RoomRef.meta({ id: 'LeaveRoomPayload' });
export type LeaveRoomPayload = z.input<typeof LeaveRoomPayload>;

/** Unknown properties (`userId`, `username` and `timestamp` of older clients) are dropped. */
export const SendMessagePayload = z
  .object({ roomId: RoomId, text: MessageText, clientMessageId: ClientMessageId.optional() })
  .meta({ id: 'SendMessagePayload' });
export type SendMessagePayload = z.infer<typeof SendMessagePayload>;

export const SendMessageResult = z
  .object({ id: MessageId, clientMessageId: ClientMessageId })
  .meta({ id: 'SendMessageResult' });
export type SendMessageResult = z.infer<typeof SendMessageResult>;

export const RenewSessionPayload = z
  .object({ token: z.string().min(1).max(4096) })
  .meta({ id: 'RenewSessionPayload' });
export type RenewSessionPayload = z.infer<typeof RenewSessionPayload>;

export const RenewSessionResult = z
  .object({ expiresIn: z.int().positive().describe('Seconds until the new token expires.') })
  .meta({ id: 'RenewSessionResult' });
export type RenewSessionResult = z.infer<typeof RenewSessionResult>;

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

export const RoomHeads = z.array(RoomHead).meta({ id: 'RoomHeads' });
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

/** Events from client to server, with payload and result (in the positive acknowledgement). */
export const CLIENT_EVENTS = {
  joinRoom: {
    payload: JoinRoomPayload,
    result: JoinRoomResult,
    summary: 'Subscribe to a room. Joining a public room creates a permanent membership.',
  },
  leaveRoom: {
    payload: LeaveRoomPayload,
    result: z.object({}),
    summary: 'Unsubscribe this socket from a room. The membership is retained.',
  },
  sendMessage: {
    payload: SendMessagePayload,
    result: SendMessageResult,
    summary: 'Send a message; acknowledged once it is durable.',
  },
  renewSession: {
    payload: RenewSessionPayload,
    result: RenewSessionResult,
    summary: 'Keep this socket connected after its access token expires.',
  },
} as const;
export type ClientEvent = keyof typeof CLIENT_EVENTS;

/** Events from server to client, with their payload. */
export const SERVER_EVENTS = {
  receiveMessage: { payload: Message, summary: 'A message was stored in a joined room.' },
  roomHeads: {
    payload: RoomHeads,
    summary: 'Heads of joined rooms, sent periodically and after failures.',
  },
  roomUpdated: { payload: Room, summary: 'A room changed.' },
  memberChanged: {
    payload: MemberChanged,
    summary: 'A user joined or left a room, or the role of a member changed.',
  },
  roomAdded: { payload: Room, summary: 'The user is now a member of this room.' },
  roomRemoved: { payload: RoomRemoved, summary: 'The user may no longer read this room.' },
  exception: {
    payload: Exception,
    summary: 'An event that was sent without acknowledgement failed.',
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

/** Acknowledgement of an event: the fields of the result, or the error. */
export type Ack<Result> = ({ ok: true } & Result) | { ok: false; error: SocketError };

export type ClientPayload<E extends ClientEvent> = z.input<(typeof CLIENT_EVENTS)[E]['payload']>;
/** Result of an event; an open object if it has none, because fields may be added later. */
export type ClientResult<E extends ClientEvent> = FieldsOf<
  z.infer<(typeof CLIENT_EVENTS)[E]['result']>
>;
type FieldsOf<Result> = string extends keyof Result ? object : Result;
export type ServerPayload<E extends ServerEvent> = z.infer<(typeof SERVER_EVENTS)[E]['payload']>;

/** Event map for Socket.IO, client to server. The acknowledgement is optional on the wire. */
export type ClientToServerEvents = {
  [E in ClientEvent]: (
    payload: ClientPayload<E>,
    ack?: (answer: Ack<ClientResult<E>>) => void,
  ) => void;
};
/** Event map for Socket.IO, server to client. */
export type ServerToClientEvents = {
  [E in ServerEvent]: (payload: ServerPayload<E>) => void;
};
