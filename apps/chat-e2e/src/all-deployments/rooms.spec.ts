import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HttpError, Member, Room, RoomSummary, ServerPayload } from '@chat/contracts';
import { until } from '@chat/testing';
import type { ClientSocket } from '../support/test-user.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { uniqueRoom } from '../support/unique-room.ts';

describeChat('the rooms API', () => {
  let server: ChatUnderTest;
  beforeAll(async () => {
    server = await sharedChat();
  });
  afterAll(() => server.close());

  const nextEvent = <E extends 'roomAdded' | 'roomUpdated' | 'memberChanged'>(
    socket: ClientSocket,
    event: E,
  ): Promise<ServerPayload<E>> =>
    new Promise((resolve) => {
      socket.once(event as 'roomAdded', (payload: Room) => {
        resolve(payload as unknown as ServerPayload<E>);
      });
    });

  it('lists general, which no user created, and lets any user join it', async () => {
    // The first account would become its owner.
    await server.register();
    const ann = await server.register();
    expect((await ann.call<RoomSummary[]>('GET', '/rooms')).body).toEqual([]);
    const { body } = await ann.call<RoomSummary[]>('GET', '/rooms?discover=true&query=general');
    const general = body.find(({ id }) => id === 'general');
    expect(general).toMatchObject({ visibility: 'public' });
    const joined = await ann.call('POST', '/rooms/general/members', { userId: ann.id });
    expect(joined.status).toBe(201);
    expect((await ann.call<RoomSummary[]>('GET', '/rooms')).body).toMatchObject([
      { id: 'general', role: 'member' },
    ]);
  });

  it('makes the creator of a public room its owner and returns 409 for a taken name', async () => {
    const ann = await server.register();
    const bob = await server.register();
    const name = uniqueRoom('gardening');
    const created = await ann.createRoom({ name, visibility: 'public' });
    expect(created).toMatchObject({ id: name, createdBy: ann.id, role: 'owner' });
    const conflict = await bob.call<HttpError>('POST', '/rooms', { name, visibility: 'public' });
    expect([conflict.status, conflict.body.code]).toEqual([409, 'CONFLICT']);
    const query = name.slice(0, -1).toUpperCase();
    const found = await bob.call<RoomSummary[]>('GET', `/rooms?discover=true&query=${query}`);
    expect(found.body.map(({ id, role }) => [id, role])).toEqual([[name, undefined]]);
  });

  it('creates one room with one owner when five users join an unknown room concurrently', async () => {
    const roomId = uniqueRoom('raced');
    const racers = await Promise.all(Array.from({ length: 5 }, () => server.register()));
    const sockets = await Promise.all(racers.map((racer) => racer.connect()));
    const acks = await Promise.all(
      sockets.map((socket) => emitWithAck(socket, 'joinRoom', roomId)),
    );
    const roles = acks.map((ack) => (ack.ok ? ack.role : ack.error.code));
    expect(roles.toSorted()).toEqual(['member', 'member', 'member', 'member', 'owner']);
  });

  it('emits memberChanged when a user joins or leaves, and rejects sends after leaving', async () => {
    const ann = await server.register();
    const bob = await server.register();
    const roomId = uniqueRoom('lobby');
    const [annsSocket, bobsSocket] = [await ann.connect(), await bob.connect()];
    await emitWithAck(annsSocket, 'joinRoom', roomId);
    const joined = nextEvent(annsSocket, 'memberChanged');
    const added = nextEvent(bobsSocket, 'roomAdded');
    await emitWithAck(bobsSocket, 'joinRoom', roomId);
    expect(await joined).toEqual({ roomId, userId: bob.id, role: 'member' });
    expect(await added).toMatchObject({ id: roomId });
    const removed = nextEvent(annsSocket, 'memberChanged');
    const left = await bob.call('DELETE', `/rooms/${roomId}/members/${bob.id}`);
    expect(left.status).toBe(204);
    expect(await removed).toEqual({ roomId, userId: bob.id, role: null });
    const send = { roomId, text: 'still?' };
    const rejected = await emitWithAck(bobsSocket, 'sendMessage', send);
    expect(rejected).toMatchObject({ ok: false });
    expect(await emitWithAck(bobsSocket, 'joinRoom', roomId)).toMatchObject({ ok: true });
  });

  it('lets only owners change a room, emits roomUpdated and keeps public names fixed', async () => {
    const ann = await server.register();
    const bob = await server.register();
    const room = await ann.createRoom({ name: 'Plans', visibility: 'private' });
    const socket = await ann.connect();
    await emitWithAck(socket, 'joinRoom', room.id);
    const updated = nextEvent(socket, 'roomUpdated');
    const path = `/rooms/${room.id}`;
    const patch = await ann.call<RoomSummary>('PATCH', path, { name: 'Better plans', topic: 'x' });
    expect(patch.body).toMatchObject({ name: 'Better plans', topic: 'x' });
    expect(await updated).toMatchObject({ id: room.id, name: 'Better plans', topic: 'x' });
    await ann.call('POST', `${path}/members`, { userId: bob.id });
    expect((await bob.call('PATCH', path, { topic: 'mine' })).status).toBe(403);
    const named = await ann.createRoom({
      name: uniqueRoom('fixed-name'),
      visibility: 'public',
    });
    expect((await ann.call('PATCH', `/rooms/${named.id}`, { name: 'other' })).status).toBe(400);
  });

  it('lists members in pages and returns 404 when an unknown user is added', async () => {
    const ann = await server.register('ann');
    const room = await ann.createRoom({ name: 'Many', visibility: 'private' });
    const path = `/rooms/${room.id}/members`;
    const others = await Promise.all(
      Array.from({ length: 6 }, (_, n) => server.register(`guest${n}`)),
    );
    for (const { id } of others) await ann.call('POST', path, { userId: id });
    const listed: Member[] = [];
    for (;;) {
      const after = listed.at(-1)?.userId;
      const { body } = await ann.call<Member[]>(
        'GET',
        `${path}?limit=3${after ? `&after=${after}` : ''}`,
      );
      if (body.length === 0) break;
      listed.push(...body);
    }
    expect(listed.map(({ userId }) => userId).toSorted()).toEqual(
      [ann, ...others].map(({ id }) => id).toSorted(),
    );
    expect(listed.find(({ userId }) => userId === ann.id)).toMatchObject({
      username: ann.username,
      role: 'owner',
    });
    const unknown = await ann.call<HttpError>('POST', path, { userId: 'x'.repeat(22) });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('returns 429 when one user creates 31 rooms in a row, but still lists rooms', async () => {
    const ann = await server.register();
    const results = [];
    for (let n = 0; n < 31; n += 1) {
      results.push(await ann.call('POST', '/rooms', { name: `spam ${n}`, visibility: 'private' }));
    }
    expect(results.map(({ status }) => status)).toContain(429);
    await until(
      'rooms can still be listed',
      async () => (await ann.call('GET', '/rooms')).status === 200,
    );
  });
});
