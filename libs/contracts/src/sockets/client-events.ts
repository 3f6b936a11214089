import { z } from 'zod';
import type { Ack } from './ack.ts';
import { DeleteMessagePayload, EditMessagePayload, ReactPayload } from './change-message.ts';
import { JoinRoomPayload, JoinRoomResult } from './join-room.ts';
import { LeaveRoomPayload } from './leave-room.ts';
import { MarkReadPayload, MarkReadResult, MarkUnreadPayload } from './mark-read.ts';
import { RenewSessionPayload, RenewSessionResult } from './renew-session.ts';
import { SendMessagePayload, SendMessageResult } from './send-message.ts';

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
  editMessage: {
    payload: EditMessagePayload,
    result: z.object({}),
    summary: 'Edit a message of the user; acknowledged once it is durable.',
  },
  deleteMessage: {
    payload: DeleteMessagePayload,
    result: z.object({}),
    summary:
      'Delete a message, of any user as owner or moderator; acknowledged once it is durable.',
  },
  react: {
    payload: ReactPayload,
    result: z.object({}),
    summary: 'Set or remove a reaction; acknowledged once it is durable.',
  },
  markRead: {
    payload: MarkReadPayload,
    result: MarkReadResult,
    summary: 'Mark the messages of a room up to a seq as read; never moves backwards.',
  },
  markUnread: {
    payload: MarkUnreadPayload,
    result: MarkReadResult,
    summary: 'Mark the messages of a room after a seq as unread; may move backwards.',
  },
  renewSession: {
    payload: RenewSessionPayload,
    result: RenewSessionResult,
    summary: 'Keep this socket connected after its access token expires.',
  },
} as const;
export type ClientEvent = keyof typeof CLIENT_EVENTS;

export type ClientPayload<E extends ClientEvent> = z.input<(typeof CLIENT_EVENTS)[E]['payload']>;
/** Result of an event; an open object if it has none, because fields may be added later. */
export type ClientResult<E extends ClientEvent> = FieldsOf<
  z.infer<(typeof CLIENT_EVENTS)[E]['result']>
>;
type FieldsOf<Result> = string extends keyof Result ? object : Result;

/** Event map for Socket.IO, client to server. The acknowledgement is optional on the wire. */
export type ClientToServerEvents = {
  [E in ClientEvent]: (
    payload: ClientPayload<E>,
    ack?: (response: Ack<ClientResult<E>>) => void,
  ) => void;
};
