import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  CLIENT_EVENTS,
  type ClientEvent,
  type ClientPayload,
  type Session,
  type Visibility,
} from '@chat/contracts';
import { newCredentials, PASSWORD } from '@chat/testing';
import { io } from 'socket.io-client';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { api } from '../support/api.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { openApiDocument } from '../support/openapi-document.ts';
import { uniqueRoom } from '../support/unique-room.ts';

/** Who makes a call: by role in the room, without membership, and without a token. */
const ACTORS = ['owner', 'moderator', 'member', 'stranger', 'anonymous'] as const;
type Actor = (typeof ACTORS)[number];

/** Result for each of {@link ACTORS}: a status; for an event `ok` or the code of the error. */
type Results = readonly (number | string)[];

interface Situation {
  readonly roomId: string;
  readonly actor: Actor;
  /** The user who makes the call; the owner in place of `anonymous`. */
  readonly caller: TestUser;
  readonly owner: TestUser;
  /** Another member. */
  readonly target: TestUser;
  /** A user without membership. */
  readonly outsider: TestUser;
  /** Ids of a message of the caller, if a member, and of one of `target`. */
  readonly messageIds: { readonly own: string; readonly other: string };
}

/** Path and body of a request. */
type Request = (situation: Situation) => readonly [path: string, body?: unknown];

interface Row {
  /** A REST operation as in the OpenAPI document, or a client event. */
  readonly name: string;
  readonly what?: string;
  readonly call: Request | ((situation: Situation) => ClientPayload<ClientEvent>);
  readonly public: Results;
  /** Absent for a call whose result does not depend on a room. */
  readonly private?: Results;
}

const READ: Results = [200, 200, 200, 200, 401];

/** A call about a room: without membership, a private room does not exist. */
function room(
  name: string,
  call: Row['call'],
  results: Results,
  { what = '', unknown = 404 }: { what?: string; unknown?: number | string } = {},
): Row {
  const hidden = results.map((result, n) => (ACTORS[n] === 'stranger' ? unknown : result));
  return { name, what, call, public: results, private: hidden };
}

/** A call whose result does not depend on a room. */
function general(name: string, call: Row['call'], results: Results, what = ''): Row {
  return { name, what, call, public: results };
}

const user = (status: number): Results => [status, status, status, status, 401];
const anyone = (status: number): Results => [status, status, status, status, status];
const path =
  (text: string): Request =>
  () => [text];
const roomPath =
  (suffix = '', body?: unknown): Request =>
  ({ roomId }) => [`/rooms/${roomId}${suffix}`, body];
const memberPath =
  (memberOf: (situation: Situation) => TestUser, body?: unknown): Request =>
  (situation) => [`/rooms/${situation.roomId}/members/${memberOf(situation).id}`, body];

const messagePath =
  (suffix = ''): Request =>
  ({ roomId, messageIds }) => [`/rooms/${roomId}/messages/${messageIds.other}${suffix}`];

const ROWS: readonly Row[] = [
  general('GET /health', path('/health'), anyone(200)),
  general('GET /health/live', path('/health/live'), anyone(200)),
  general('GET /health/ready', path('/health/ready'), anyone(200)),
  general('GET /auth/health', path('/auth/health'), anyone(200)),
  general('GET /messages/health', path('/messages/health'), anyone(200)),
  general('POST /auth/register', () => ['/auth/register', newCredentials('new')], anyone(201)),
  general(
    'POST /auth/login',
    ({ caller }) => ['/auth/login', { email: caller.email, password: PASSWORD }],
    anyone(200),
  ),
  general(
    'POST /auth/refresh',
    ({ owner }) => ['/auth/refresh', { refreshToken: owner.registration.refreshToken }],
    anyone(200),
  ),
  general('GET /auth/sessions', path('/auth/sessions'), user(200)),
  general('GET /users/me', path('/users/me'), user(200)),
  general('PATCH /users/me', () => ['/users/me', { displayName: 'Someone' }], user(200)),
  general('GET /users', path('/users?query=target'), user(200)),
  general('GET /users/{id}', ({ target }) => [`/users/${target.id}`], user(200)),
  general('GET /rooms', path('/rooms?discover=true'), user(200)),
  general('POST /rooms', () => ['/rooms', { name: 'New', visibility: 'private' }], user(201)),
  general('DELETE /rooms/{roomId}', path('/rooms/general'), user(409), 'general'),

  room('GET /rooms/{roomId}', roomPath(), READ),
  room('PATCH /rooms/{roomId}', roomPath('', { topic: 'x' }), [200, 200, 403, 403, 401]),
  room('DELETE /rooms/{roomId}', roomPath(), [204, 403, 403, 403, 401]),
  room('GET /rooms/{roomId}/members', roomPath('/members'), READ),
  room(
    'POST /rooms/{roomId}/members',
    ({ roomId, outsider }) => [`/rooms/${roomId}/members`, { userId: outsider.id }],
    [201, 201, 403, 403, 401],
    { what: 'another user' },
  ),
  {
    name: 'POST /rooms/{roomId}/members',
    what: 'oneself',
    call: ({ roomId, caller }) => [`/rooms/${roomId}/members`, { userId: caller.id }],
    public: [201, 201, 201, 201, 401],
    private: [201, 201, 403, 404, 401],
  },
  room(
    'DELETE /rooms/{roomId}/members/{userId}',
    memberPath(({ target }) => target),
    [204, 204, 403, 403, 401],
  ),
  room(
    'DELETE /rooms/{roomId}/members/{userId}',
    memberPath(({ caller }) => caller),
    [409, 204, 204, 404, 401],
    { what: 'oneself' },
  ),
  room(
    'DELETE /rooms/{roomId}/members/{userId}',
    memberPath(({ owner }) => owner),
    [409, 403, 403, 403, 401],
    { what: 'the owner' },
  ),
  ...(['member', 'moderator', 'owner'] as const).map((role) =>
    room(
      'PATCH /rooms/{roomId}/members/{userId}',
      memberPath(({ target }) => target, { role }),
      [200, 403, 403, 403, 401],
      { what: `another, to ${role}` },
    ),
  ),
  room(
    'PATCH /rooms/{roomId}/members/{userId}',
    memberPath(({ caller }) => caller, { role: 'member' }),
    [409, 200, 200, 403, 401],
    { what: 'oneself, to member' },
  ),
  room(
    'PATCH /rooms/{roomId}/members/{userId}',
    memberPath(({ caller }) => caller, { role: 'owner' }),
    [200, 403, 403, 403, 401],
    { what: 'oneself, to owner' },
  ),
  room(
    'PATCH /rooms/{roomId}/members/{userId}',
    memberPath(({ outsider }) => outsider, { role: 'member' }),
    [404, 403, 403, 403, 401],
    { what: 'a user without membership' },
  ),
  room('GET /messages/history/{roomId}', ({ roomId }) => [`/messages/history/${roomId}`], READ),
  room(
    'GET /messages/changes/{roomId}',
    ({ roomId }) => [`/messages/changes/${roomId}?since=0`],
    READ,
  ),

  room('GET /rooms/{roomId}/messages/{messageId}', messagePath(), READ),
  room('GET /rooms/{roomId}/messages/{messageId}/versions', messagePath('/versions'), READ),
  room(
    'GET /rooms/{roomId}/messages/{messageId}/reactions',
    messagePath('/reactions?emoji=👍'),
    READ,
  ),

  room('joinRoom', ({ roomId }) => roomId, ['ok', 'ok', 'ok', 'ok', 'UNAUTHORIZED'], {
    unknown: 'NOT_FOUND',
  }),
  general('leaveRoom', ({ roomId }) => roomId, ['ok', 'ok', 'ok', 'ok', 'UNAUTHORIZED']),
  room(
    'sendMessage',
    ({ roomId }) => ({ roomId, text: 'hello' }),
    ['ok', 'ok', 'ok', 'NOT_FOUND', 'UNAUTHORIZED'],
    { unknown: 'NOT_FOUND' },
  ),
  ...(['own', 'other'] as const).flatMap((whose) => [
    room(
      'editMessage',
      ({ roomId, messageIds }) => ({ roomId, messageId: messageIds[whose], text: 'edited' }),
      whose === 'own'
        ? ['ok', 'ok', 'ok', 'NOT_FOUND', 'UNAUTHORIZED']
        : ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'NOT_FOUND', 'UNAUTHORIZED'],
      { what: `${whose} message`, unknown: 'NOT_FOUND' },
    ),
    room(
      'deleteMessage',
      ({ roomId, messageIds }) => ({ roomId, messageId: messageIds[whose] }),
      ['ok', 'ok', whose === 'own' ? 'ok' : 'FORBIDDEN', 'NOT_FOUND', 'UNAUTHORIZED'],
      { what: `${whose} message`, unknown: 'NOT_FOUND' },
    ),
  ]),
  room(
    'react',
    ({ roomId, messageIds }) => ({ roomId, messageId: messageIds.other, emoji: '👍', on: true }),
    ['ok', 'ok', 'ok', 'NOT_FOUND', 'UNAUTHORIZED'],
    { unknown: 'NOT_FOUND' },
  ),
  ...(['markRead', 'markUnread'] as const).map((event) =>
    room(
      event,
      ({ roomId }) => ({ roomId, seq: 0 }),
      ['ok', 'ok', 'ok', 'NOT_FOUND', 'UNAUTHORIZED'],
      { unknown: 'NOT_FOUND' },
    ),
  ),
  general('renewSession', ({ caller }) => ({ token: caller.token }), [
    'ok',
    'ok',
    'ok',
    'ok',
    'UNAUTHORIZED',
  ]),
];

/** Operations on the caller's own sessions: see the last test and the suite of the sessions. */
const SESSION_OPERATIONS = ['DELETE /auth/sessions/{id}', 'POST /auth/logout'];

/** Whether a call may change the room, so that every caller needs a separate room. */
const changesRoom = ({ name, private: hidden }: Row): boolean =>
  hidden !== undefined && !name.startsWith('GET ');

/** Whether a call needs messages. */
const isAboutMessage = ({ name }: Row): boolean =>
  name.includes('{messageId}') || ['editMessage', 'deleteMessage', 'react'].includes(name);

const NO_SUCH_MESSAGE = 'A'.repeat(22);

const isEvent = (name: string): name is ClientEvent => name in CLIENT_EVENTS;

describeChat('the permissions', () => {
  let server: ChatUnderTest;
  let accounts: Record<'moderator' | 'member' | 'stranger' | 'target' | 'outsider', TestUser>;
  let sharedOwner: TestUser;
  const sharedRooms = new Map<Visibility, Promise<string>>();
  const sockets = new Map<TestUser, Promise<ClientSocket>>();
  beforeAll(async () => {
    server = await sharedChat();
    const [moderator, member, stranger, target, outsider] = await Promise.all([
      server.register('moderator'),
      server.register('member'),
      server.register('stranger'),
      server.register('target'),
      server.register('outsider'),
    ]);
    accounts = { moderator, member, stranger, target, outsider };
    sharedOwner = await server.register('owner');
  });
  afterAll(() => server.close());

  /** Returns the room of calls that change nothing. */
  function sharedRoom(visibility: Visibility): Promise<string> {
    const roomId = sharedRooms.get(visibility) ?? createRoom(sharedOwner, visibility);
    sharedRooms.set(visibility, roomId);
    return roomId;
  }

  /** Creates a room with a member of each role; returns its id. */
  async function createRoom(owner: TestUser, visibility: Visibility): Promise<string> {
    const name = visibility === 'public' ? uniqueRoom('permissions') : 'Permissions';
    const { id: roomId } = await owner.createRoom({ name, visibility });
    for (const { id } of [accounts.moderator, accounts.member, accounts.target]) {
      await owner.call('POST', `/rooms/${roomId}/members`, { userId: id });
    }
    await owner.call('PATCH', `/rooms/${roomId}/members/${accounts.moderator.id}`, {
      role: 'moderator',
    });
    return roomId;
  }

  /** Sends a message and returns its id once it is stored; any id for a user without membership. */
  async function send(sender: TestUser, roomId: string): Promise<string> {
    const payload = { roomId, text: 'hello' };
    const ack = await emitWithAck(await socketOf(sender), 'sendMessage', payload);
    if (!ack.ok) return NO_SUCH_MESSAGE;
    await accounts.target.waitForMessage(roomId, ack.id);
    return ack.id;
  }

  async function resultOf(row: Row, situation: Situation): Promise<number | string> {
    const isAnonymous = situation.actor === 'anonymous';
    if (isEvent(row.name)) {
      if (isAnonymous) return connectionError();
      const payload = row.call(situation) as ClientPayload<typeof row.name>;
      const ack = await emitWithAck(await socketOf(situation.caller), row.name, payload);
      return ack.ok ? 'ok' : ack.error.code;
    }
    const [requestPath, body] = (row.call as Request)(situation);
    const { status } = await api(server.addresses, row.name.split(' ')[0] ?? '', requestPath, {
      body,
      ...(isAnonymous ? {} : { token: situation.caller.token }),
    });
    return status;
  }

  function socketOf(account: TestUser): Promise<ClientSocket> {
    const socket = sockets.get(account) ?? account.connect();
    sockets.set(account, socket);
    return socket;
  }

  /** Returns the code with which a connection without a token is rejected. */
  function connectionError(): Promise<string> {
    const socket = io(server.addresses.chat, { transports: ['websocket'], forceNew: true });
    return new Promise((resolve) => {
      socket.once('connect', () => resolve('ok'));
      socket.once('connect_error', (error) => {
        socket.disconnect();
        resolve(String((error as { data?: { code?: string } }).data?.code));
      });
    });
  }

  it('have a row for every operation of the OpenAPI documents and every client event', async () => {
    const { users, messages, chat } = server.addresses;
    const documents = await Promise.all([users, messages, chat].map(openApiDocument));
    const operations = documents.flatMap(({ paths }) =>
      Object.entries(paths).flatMap(([template, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${template}`),
      ),
    );
    const expected = new Set([...operations, ...Object.keys(CLIENT_EVENTS)]);
    const rows = new Set([...ROWS.map(({ name }) => name), ...SESSION_OPERATIONS]);
    expect([...rows].toSorted()).toEqual([...expected].toSorted());
  });

  it.each(
    (['public', 'private'] as const).flatMap((visibility) =>
      ROWS.filter((row) => row[visibility]).map((row) => ({ ...row, visibility, row })),
    ),
  )('of $name $what in a $visibility room depend on the role', async ({ row, visibility }) => {
    const isChanging = changesRoom(row);
    const owner = isChanging ? await server.register('owner') : sharedOwner;
    const results = await Promise.all(
      ACTORS.map(async (actor) => {
        const isAnonymous = actor === 'anonymous';
        const roomId = await (isChanging && !isAnonymous
          ? createRoom(owner, visibility)
          : sharedRoom(visibility));
        const { target, outsider } = accounts;
        const caller = actor === 'owner' || isAnonymous ? owner : accounts[actor];
        const messageIds =
          isAboutMessage(row) && !isAnonymous
            ? { own: await send(caller, roomId), other: await send(target, roomId) }
            : { own: NO_SUCH_MESSAGE, other: NO_SUCH_MESSAGE };
        return resultOf(row, { roomId, actor, caller, owner, target, outsider, messageIds });
      }),
    );
    expect(results).toEqual(row[visibility]);
  });

  it('of operations on own sessions depend on a token', async () => {
    const ann = await server.register('ann');
    const { body } = await ann.call<Session[]>('GET', '/auth/sessions');
    const sessionPath = `/auth/sessions/${body[0]?.id}`;
    expect((await api(server.addresses, 'DELETE', sessionPath)).status).toBe(401);
    expect((await ann.call('DELETE', sessionPath)).status).toBe(204);
    expect((await api(server.addresses, 'POST', '/auth/logout')).status).toBe(401);
  });
});
