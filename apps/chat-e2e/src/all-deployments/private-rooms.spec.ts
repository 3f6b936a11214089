import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HttpError, Member, RoomSummary } from '@chat/contracts';
import { until } from '@chat/testing';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';

describeChat('a private room', () => {
  let server: ChatUnderTest;
  let owner: TestUser;
  let guest: TestUser;
  let nonMember: TestUser;
  let room: RoomSummary;
  let messageId: string;
  let ownerSocket: ClientSocket;
  let guestSocket: ClientSocket;

  beforeAll(async () => {
    server = await sharedChat();
    owner = await server.register('owner');
    guest = await server.register('guest');
    nonMember = await server.register('nonmember');
    room = await owner.createRoom({ name: 'Plans for Sunday', visibility: 'private' });
    ownerSocket = await owner.connect();
    guestSocket = await guest.connect();
    await emitWithAck(ownerSocket, 'joinRoom', room.id);
    const message = { roomId: room.id, text: 'a secret' };
    const sent = await emitWithAck(ownerSocket, 'sendMessage', message);
    if (!sent.ok) throw new Error(sent.error.message);
    messageId = sent.id;
    await owner.waitForSeq(room.id, 1);
  });
  afterAll(() => server.close());

  const withoutRequestId = ({ requestId: _, ...body }: HttpError) => body;

  it('has a random id and its creator as owner', () => {
    expect(room).toMatchObject({ name: 'Plans for Sunday', visibility: 'private', role: 'owner' });
    expect(room.id).toMatch(/^~[A-Za-z0-9]{22}$/);
  });

  it('is indistinguishable from a nonexistent room for non-members', async () => {
    const missingId = `~${'0'.repeat(22)}`;
    const probes: [string, (id: string) => string, unknown?][] = [
      ['GET', (id) => `/rooms/${id}`],
      ['GET', (id) => `/rooms/${id}/members`],
      ['POST', (id) => `/rooms/${id}/members`, { userId: nonMember.id }],
      ['PATCH', (id) => `/rooms/${id}/members/${nonMember.id}`, { role: 'owner' }],
      ['DELETE', (id) => `/rooms/${id}/members/${nonMember.id}`],
      ['DELETE', (id) => `/rooms/${id}/members/${owner.id}`],
      ['GET', (id) => `/messages/history/${id}`],
      ['GET', (id) => `/messages/changes/${id}?since=0`],
      ['GET', (id) => `/rooms/${id}/messages/${messageId}`],
      ['GET', (id) => `/rooms/${id}/messages/${messageId}/versions`],
      ['GET', (id) => `/rooms/${id}/messages/${messageId}/reactions?emoji=👍`],
    ];
    for (const [method, path, body] of probes) {
      const hidden = await nonMember.call<HttpError>(method, path(room.id), body);
      const missing = await nonMember.call<HttpError>(method, path(missingId), body);
      expect(hidden.status).toBe(404);
      expect(withoutRequestId(hidden.body)).toEqual(withoutRequestId(missing.body));
    }
    const socket = await nonMember.connect();
    const join = (id: string) => emitWithAck(socket, 'joinRoom', id);
    const send = (roomId: string) => emitWithAck(socket, 'sendMessage', { roomId, text: 'hi' });
    expect(await join(room.id)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
    expect(await join(room.id)).toEqual(await join(missingId));
    expect(await send(room.id)).toEqual(await send(missingId));
    const lists = [
      await nonMember.call('GET', '/rooms'),
      await nonMember.call('GET', '/rooms?discover=true'),
    ];
    for (const { text } of lists) expect(text).not.toContain(room.id);
  });

  it('emits roomAdded and memberChanged for an added member, who can then join', async () => {
    const added = new Promise((resolve) => guestSocket.once('roomAdded', resolve));
    const changed = new Promise((resolve) => ownerSocket.once('memberChanged', resolve));
    const response = await owner.call('POST', `/rooms/${room.id}/members`, { userId: guest.id });
    expect(response.status).toBe(201);
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

  it('returns 403 when a member adds or removes another user', async () => {
    const add = await guest.call<HttpError>('POST', `/rooms/${room.id}/members`, {
      userId: nonMember.id,
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
    const response = await owner.call('DELETE', `/rooms/${room.id}/members/${guest.id}`);
    expect(response.status).toBe(204);
    await until('both sockets are notified', () => removed.length === 2, 1_000);
    const ownMessage = new Promise((resolve) => ownerSocket.once('receiveMessage', resolve));
    await emitWithAck(ownerSocket, 'sendMessage', { roomId: room.id, text: 'now without you' });
    await ownMessage;
    expect(received).toEqual([]);
    const denied = await emitWithAck(guestSocket, 'sendMessage', { roomId: room.id, text: 'hey' });
    expect(denied).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
    expect((await guest.call('GET', `/messages/history/${room.id}`)).status).toBe(404);
  });

  it('returns 409 when the only owner tries to leave', async () => {
    const response = await owner.call<HttpError>('DELETE', `/rooms/${room.id}/members/${owner.id}`);
    expect([response.status, response.body.code]).toEqual([409, 'CONFLICT']);
  });
});
