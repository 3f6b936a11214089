import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HttpError, Member, RoomSummary } from '@chat/contracts';
import { until } from '@chat/testing';
import type { Account, ClientSocket } from '../support/account.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';

describeChat('a private room', () => {
  let server: ChatUnderTest;
  let owner: Account;
  let guest: Account;
  let stranger: Account;
  let room: RoomSummary;
  let ownerSocket: ClientSocket;
  let guestSocket: ClientSocket;

  beforeAll(async () => {
    server = await sharedChat();
    owner = await server.register('owner');
    guest = await server.register('guest');
    stranger = await server.register('stranger');
    room = await owner.createRoom({ name: 'Plans for Sunday', visibility: 'private' });
    ownerSocket = await owner.connect();
    guestSocket = await guest.connect();
    await emitWithAck(ownerSocket, 'joinRoom', room.id);
    await emitWithAck(ownerSocket, 'sendMessage', { roomId: room.id, text: 'a secret' });
    await owner.stored(room.id, 1);
  });
  afterAll(() => server.close());

  const withoutIds = ({ requestId: _, ...body }: HttpError) => body;

  it('has a random id and its creator as owner', () => {
    expect(room).toMatchObject({ name: 'Plans for Sunday', visibility: 'private', role: 'owner' });
    expect(room.id).toMatch(/^~[A-Za-z0-9]{22}$/);
  });

  it('answers non-members exactly as a room that does not exist', async () => {
    const none = `~${'0'.repeat(22)}`;
    const probes: [string, (id: string) => string, unknown?][] = [
      ['GET', (id) => `/rooms/${id}`],
      ['GET', (id) => `/rooms/${id}/members`],
      ['POST', (id) => `/rooms/${id}/members`, { userId: stranger.id }],
      ['DELETE', (id) => `/rooms/${id}/members/${stranger.id}`],
      ['DELETE', (id) => `/rooms/${id}/members/${owner.id}`],
      ['GET', (id) => `/messages/history/${id}`],
      ['GET', (id) => `/messages/changes/${id}?since=0`],
    ];
    for (const [method, path, body] of probes) {
      const hidden = await stranger.call<HttpError>(method, path(room.id), body);
      const missing = await stranger.call<HttpError>(method, path(none), body);
      expect(hidden.status).toBe(404);
      expect(withoutIds(hidden.body)).toEqual(withoutIds(missing.body));
    }
    const socket = await stranger.connect();
    const join = (id: string) => emitWithAck(socket, 'joinRoom', id);
    const send = (roomId: string) => emitWithAck(socket, 'sendMessage', { roomId, text: 'hi' });
    expect(await join(room.id)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
    expect(await join(room.id)).toEqual(await join(none));
    expect(await send(room.id)).toEqual(await send(none));
    const lists = [
      await stranger.call('GET', '/rooms'),
      await stranger.call('GET', '/rooms?discover=true'),
    ];
    for (const { text } of lists) expect(text).not.toContain(room.id);
  });

  it('emits roomAdded and memberChanged for an added member, who can then join', async () => {
    const added = new Promise((resolve) => guestSocket.once('roomAdded', resolve));
    const changed = new Promise((resolve) => ownerSocket.once('memberChanged', resolve));
    const answer = await owner.call('POST', `/rooms/${room.id}/members`, { userId: guest.id });
    expect(answer.status).toBe(201);
    expect(await added).toMatchObject({ id: room.id, name: 'Plans for Sunday' });
    expect(await changed).toEqual({ roomId: room.id, userId: guest.id, role: 'member' });
    const joined = await emitWithAck(guestSocket, 'joinRoom', { roomId: room.id, since: 0 });
    expect(joined).toMatchObject({
      ok: true,
      role: 'member',
      changes: [{ text: 'a secret' }],
    });
    const { body: members } = await guest.call<Member[]>('GET', `/rooms/${room.id}/members`);
    expect(members.map(({ userId, role }) => [userId, role]).toSorted()).toEqual(
      [
        [owner.id, 'owner'],
        [guest.id, 'member'],
      ].toSorted(),
    );
    const { body: rooms } = await guest.call<RoomSummary[]>('GET', '/rooms');
    expect(rooms).toMatchObject([{ id: room.id, seq: 1, lastMessage: { text: 'a secret' } }]);
  });

  it('answers 403 when a member adds or removes another user', async () => {
    const add = await guest.call<HttpError>('POST', `/rooms/${room.id}/members`, {
      userId: stranger.id,
    });
    expect([add.status, add.body.code]).toEqual([403, 'FORBIDDEN']);
    const remove = await guest.call('DELETE', `/rooms/${room.id}/members/${owner.id}`);
    expect(remove.status).toBe(403);
  });

  it('emits roomRemoved to all sockets of a removed member within 1 s and denies access', async () => {
    const second = await guest.connect();
    await emitWithAck(second, 'joinRoom', room.id);
    const received: string[] = [];
    const removed: string[] = [];
    for (const socket of [guestSocket, second]) {
      socket.on('receiveMessage', ({ text }) => received.push(text));
      socket.on('roomRemoved', ({ roomId }) => removed.push(roomId));
    }
    const answer = await owner.call('DELETE', `/rooms/${room.id}/members/${guest.id}`);
    expect(answer.status).toBe(204);
    await until('both sockets are notified', () => removed.length === 2, 1_000);
    const own = new Promise((resolve) => ownerSocket.once('receiveMessage', resolve));
    await emitWithAck(ownerSocket, 'sendMessage', { roomId: room.id, text: 'now without you' });
    await own;
    expect(received).toEqual([]);
    const refused = await emitWithAck(guestSocket, 'sendMessage', { roomId: room.id, text: 'hey' });
    expect(refused).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
    expect((await guest.call('GET', `/messages/history/${room.id}`)).status).toBe(404);
  });

  it('answers 409 when its only owner leaves', async () => {
    const answer = await owner.call<HttpError>('DELETE', `/rooms/${room.id}/members/${owner.id}`);
    expect([answer.status, answer.body.code]).toEqual([409, 'CONFLICT']);
  });
});
