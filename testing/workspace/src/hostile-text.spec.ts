import {
  AddMemberRequest,
  ChangesQuery,
  CLIENT_EVENTS,
  CreateRoomRequest,
  HistoryQuery,
  LoginRequest,
  MemberListQuery,
  ReactorListQuery,
  RefreshRequest,
  RegisterRequest,
  RoomListQuery,
  UpdateMeRequest,
  UpdateMemberRequest,
  UpdateRoomRequest,
  UserSearchQuery,
  type ClientEvent,
} from '@chat/contracts';
import { assertForHostileTexts } from '@chat/testing/hostile-text';
import { describe, expect, it } from '@jest/globals';

interface Schema {
  safeParse(input: unknown): { success: boolean };
}

type HostileRequest = [name: string, schema: Schema, requestOf: (text: string) => unknown];

/** Payload of each client event, with a hostile text in each field. */
const PAYLOADS: Record<ClientEvent, (text: string) => unknown> = {
  joinRoom: (text) => ({ roomId: text, since: text }),
  leaveRoom: (text) => text,
  sendMessage: (text) => send(text),
  editMessage: (text) => ({ ...change(text), text }),
  deleteMessage: (text) => change(text),
  react: (text) => ({ ...change(text), emoji: text, on: true }),
  markRead: (text) => ({ roomId: text, seq: text }),
  markUnread: (text) => ({ roomId: text, seq: text }),
  renewSession: (token) => ({ token }),
};

/** All requests and events from clients, with a hostile text in each field. */
const REQUESTS: HostileRequest[] = [
  ['RegisterRequest.email', RegisterRequest, (email) => ({ email, password: 'long enough' })],
  ['RegisterRequest', RegisterRequest, (text) => registration(text)],
  ['LoginRequest', LoginRequest, (text) => ({ email: text, password: text })],
  ['RefreshRequest', RefreshRequest, (refreshToken) => ({ refreshToken })],
  ['UpdateMeRequest', UpdateMeRequest, (displayName) => ({ displayName })],
  ['UserSearchQuery', UserSearchQuery, (text) => ({ query: text, limit: text })],
  ['RoomListQuery', RoomListQuery, (text) => ({ discover: text, query: text })],
  ['public CreateRoomRequest', CreateRoomRequest, (text) => room('public', text)],
  ['private CreateRoomRequest', CreateRoomRequest, (text) => room('private', text)],
  ['UpdateRoomRequest', UpdateRoomRequest, (text) => ({ name: text, topic: text })],
  ['AddMemberRequest', AddMemberRequest, (userId) => ({ userId })],
  ['UpdateMemberRequest', UpdateMemberRequest, (role) => ({ role })],
  ['MemberListQuery', MemberListQuery, (text) => ({ limit: text, after: text })],
  ['HistoryQuery', HistoryQuery, (text) => ({ limit: text, before: text })],
  ['ChangesQuery', ChangesQuery, (text) => ({ since: text, limit: text })],
  ['ReactorListQuery', ReactorListQuery, (text) => ({ emoji: text, limit: text, after: text })],
  ...Object.entries(CLIENT_EVENTS).map(([event, { payload }]): HostileRequest => [
    event,
    payload,
    PAYLOADS[event as ClientEvent],
  ]),
];

function registration(text: string) {
  return { email: 'ada@example.com', password: text, username: text, displayName: text };
}

function room(visibility: string, text: string) {
  return { visibility, name: text, topic: text };
}

function change(text: string) {
  return { roomId: 'general', messageId: text, clientMessageId: text };
}

function send(text: string) {
  return { roomId: 'general', text, clientMessageId: text };
}

describe('a hostile text in a request', () => {
  it('is validated in linear time by every request schema', () => {
    assertForHostileTexts((text) => {
      for (const [, schema, requestOf] of REQUESTS) schema.safeParse(requestOf(text));
      return true;
    });
  });

  it.each(REQUESTS)('is rejected by %s at 200,000 characters', (_name, schema, requestOf) => {
    expect(schema.safeParse(requestOf('a'.repeat(200_000))).success).toBe(false);
  });
});
