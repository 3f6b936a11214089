import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HttpError, Member, Role, RoomSummary, ServerPayload } from '@chat/contracts';
import { eventually } from '@chat/testing';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { api, type ApiResponse } from '../support/api.ts';
import {
  describeChat,
  sharedChat,
  startChat,
  type ChatUnderTest,
  type DedicatedChat,
} from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { uniqueRoom } from '../support/unique-room.ts';

/** Maximum time from the response until other sockets receive the change. */
const LIVE_MS = 1_000;

function setRole<T = Member>(
  caller: TestUser,
  roomId: string,
  { id }: TestUser,
  role: Role,
): Promise<ApiResponse<T>> {
  return caller.call<T>('PATCH', `/rooms/${roomId}/members/${id}`, { role });
}

const leave = (user: TestUser, roomId: string): Promise<ApiResponse<HttpError>> =>
  user.call('DELETE', `/rooms/${roomId}/members/${user.id}`);

describeChat('the roles of members', () => {
  let server: ChatUnderTest;
  let ann: TestUser;
  let bob: TestUser;
  let cid: TestUser;
  beforeAll(async () => {
    server = await sharedChat();
    [ann, bob, cid] = [
      await server.register('ann'),
      await server.register('bob'),
      await server.register('cid'),
    ];
  });
  afterAll(() => server.close());

  /** Creates a room that ann owns, with bob and cid as members. */
  async function roomOfThree(visibility: 'public' | 'private' = 'private'): Promise<string> {
    const name = visibility === 'private' ? 'Plans' : uniqueRoom('roles');
    const { id } = await ann.createRoom({ name, visibility });
    for (const guest of [bob, cid]) {
      await ann.call('POST', `/rooms/${id}/members`, { userId: guest.id });
    }
    return id;
  }

  async function rolesIn(roomId: string): Promise<(Role | undefined)[]> {
    const { body } = await ann.call<Member[]>('GET', `/rooms/${roomId}/members`);
    return [ann, bob, cid].map(({ id }) => body.find(({ userId }) => userId === id)?.role);
  }

  /** Joins the room, and returns the changes that the socket receives from then on. */
  async function watch(user: TestUser, roomId: string): Promise<[string, Role | null][]> {
    const socket: ClientSocket = await user.connect();
    await emitWithAck(socket, 'joinRoom', roomId);
    const changes: [string, Role | null][] = [];
    socket.on('memberChanged', (change: ServerPayload<'memberChanged'>) => {
      if (change.roomId === roomId) changes.push([change.userId, change.role]);
    });
    return changes;
  }

  it('are changed by the owner, and take effect and reach the sockets of the room at once', async () => {
    const roomId = await roomOfThree();
    const seen = await watch(cid, roomId);
    const changed = await setRole(ann, roomId, bob, 'moderator');
    expect([changed.status, changed.body]).toMatchObject([
      200,
      { userId: bob.id, username: bob.username, role: 'moderator' },
    ]);
    await eventually(() => expect(seen).toEqual([[bob.id, 'moderator']]), LIVE_MS);
    const topic = await bob.call<RoomSummary>('PATCH', `/rooms/${roomId}`, { topic: 'mine' });
    expect([topic.status, topic.body.role]).toEqual([200, 'moderator']);
    expect((await setRole(ann, roomId, bob, 'member')).body.role).toBe('member');
    await eventually(() => expect(seen.at(-1)).toEqual([bob.id, 'member']), LIVE_MS);
    expect((await bob.call('PATCH', `/rooms/${roomId}`, { topic: 'x' })).status).toBe(403);
    const socket = await bob.connect();
    expect(await emitWithAck(socket, 'joinRoom', roomId)).toMatchObject({ role: 'member' });
  });

  it('include moderator, which its holder may give up, but not give to others', async () => {
    const roomId = await roomOfThree('public');
    await setRole(ann, roomId, bob, 'moderator');
    for (const role of ['owner', 'moderator', 'member'] as const) {
      const refused = await setRole<HttpError>(bob, roomId, cid, role);
      expect([role, refused.status, refused.body.code]).toEqual([role, 403, 'FORBIDDEN']);
    }
    expect((await setRole(bob, roomId, bob, 'owner')).status).toBe(403);
    expect((await setRole(bob, roomId, bob, 'member')).body.role).toBe('member');
    expect((await setRole(bob, roomId, bob, 'moderator')).status).toBe(403);
    expect(await rolesIn(roomId)).toEqual(['owner', 'member', 'member']);
  });

  it.each(['public', 'private'] as const)(
    'include the owner of a %s room, who leaves it after handing it over',
    async (visibility) => {
      const roomId = await roomOfThree(visibility);
      const seen = await watch(cid, roomId);
      const early = await leave(ann, roomId);
      expect([early.status, early.body.code]).toEqual([409, 'CONFLICT']);
      expect(early.body.message).toContain('Hand the room over to another member first');
      expect((await setRole(ann, roomId, ann, 'member')).status).toBe(409);
      const handedOver = await setRole(ann, roomId, bob, 'owner');
      expect([handedOver.status, handedOver.body.role]).toEqual([200, 'owner']);
      expect(await rolesIn(roomId)).toEqual(['moderator', 'owner', 'member']);
      await eventually(
        () =>
          expect(seen).toEqual([
            [bob.id, 'owner'],
            [ann.id, 'moderator'],
          ]),
        LIVE_MS,
      );
      expect((await setRole(ann, roomId, cid, 'owner')).status).toBe(403);
      expect((await ann.call('DELETE', `/rooms/${roomId}/members/${bob.id}`)).status).toBe(403);
      expect((await leave(ann, roomId)).status).toBe(204);
      expect((await leave(bob, roomId)).status).toBe(409);
      expect((await bob.call('DELETE', `/rooms/${roomId}`)).status).toBe(204);
    },
  );

  it('have exactly one owner after concurrent hand-overs', async () => {
    const roomId = await roomOfThree();
    const outcomes = await Promise.all([
      setRole(ann, roomId, bob, 'owner'),
      setRole(ann, roomId, cid, 'owner'),
      setRole(bob, roomId, ann, 'owner'),
      setRole(ann, roomId, bob, 'owner'),
    ]);
    const statuses = outcomes.map(({ status }) => status);
    for (const status of statuses) expect([200, 403, 409]).toContain(status);
    expect(statuses).toContain(200);
    const roles = await rolesIn(roomId);
    expect(roles.filter((role) => role === 'owner')).toHaveLength(1);
  });

  it.each([
    ['public', 'FORBIDDEN'],
    ['private', 'NOT_FOUND'],
  ] as const)('of a %s room stay the same after refused changes', async (visibility, stranger) => {
    const dan = await server.register('dan');
    const roomId = await roomOfThree(visibility);
    const path = `/rooms/${roomId}/members/${bob.id}`;
    const refused = [
      await setRole<HttpError>(cid, roomId, bob, 'moderator'),
      await setRole<HttpError>(dan, roomId, dan, 'owner'),
      await setRole<HttpError>(dan, roomId, bob, 'member'),
      await api<HttpError>(server.addresses, 'PATCH', path, { body: { role: 'moderator' } }),
      await setRole<HttpError>(ann, roomId, dan, 'moderator'),
    ];
    const codes = refused.map(({ body }) => body.code);
    expect(codes).toEqual(['FORBIDDEN', stranger, stranger, 'UNAUTHORIZED', 'NOT_FOUND']);
    expect(await rolesIn(roomId)).toEqual(['owner', 'member', 'member']);
  });

  it.each([[{}], [{ role: 'admin' }], [{ role: null }], [{ role: ['owner'] }], ['owner']])(
    'are not changed by the body %j, which is answered with 400',
    async (body) => {
      const roomId = await roomOfThree();
      const path = `/rooms/${roomId}/members/${bob.id}`;
      const { status } = await ann.call<HttpError>('PATCH', path, body);
      expect(status).toBe(400);
    },
  );
});

describeChat('the room general', () => {
  let server: DedicatedChat;
  beforeAll(async () => {
    server = await startChat();
  });
  afterAll(() => server.close());

  it('is owned by the first account from its first joinRoom, and handed over like any room', async () => {
    const first = await server.register('first');
    const second = await server.register('second');
    const [firstSocket, secondSocket] = [await first.connect(), await second.connect()];
    expect(await emitWithAck(secondSocket, 'joinRoom', 'general')).toMatchObject({
      role: 'member',
    });
    expect(await emitWithAck(firstSocket, 'joinRoom', 'general')).toMatchObject({
      role: 'owner',
    });
    expect(await emitWithAck(secondSocket, 'joinRoom', 'general')).toMatchObject({
      role: 'member',
    });
    expect((await leave(first, 'general')).status).toBe(409);
    expect((await first.call('DELETE', '/rooms/general')).status).toBe(409);
    expect((await setRole(first, 'general', second, 'owner')).status).toBe(200);
    expect(await emitWithAck(firstSocket, 'joinRoom', 'general')).toMatchObject({
      role: 'moderator',
    });
    expect((await leave(first, 'general')).status).toBe(204);
    // The first account does not take it back.
    expect(await emitWithAck(firstSocket, 'joinRoom', 'general')).toMatchObject({
      role: 'member',
    });
  });
});
