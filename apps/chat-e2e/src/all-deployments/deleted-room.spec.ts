import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HttpError, RoomSummary } from '@chat/contracts';
import { until } from '@chat/testing';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { uniqueRoom } from '../support/unique-room.ts';

describeChat('room deletion', () => {
  let server: ChatUnderTest;
  let owner: TestUser;
  let guest: TestUser;
  let room: RoomSummary;
  let messageId: string;
  let ownerSocket: ClientSocket;
  let guestSocket: ClientSocket;
  /** Socket of a member that has not sent joinRoom. */
  let idleSocket: ClientSocket;
  const name = uniqueRoom('deleted');

  beforeAll(async () => {
    server = await sharedChat();
    owner = await server.register('owner');
    guest = await server.register('guest');
    room = await owner.createRoom({ name, visibility: 'public' });
    ownerSocket = await owner.connect();
    guestSocket = await guest.connect();
    idleSocket = await guest.connect();
    await emitWithAck(ownerSocket, 'joinRoom', room.id);
    await emitWithAck(guestSocket, 'joinRoom', room.id);
    const message = { roomId: room.id, text: 'soon deleted' };
    const sent = await emitWithAck(ownerSocket, 'sendMessage', message);
    if (!sent.ok) throw new Error(sent.error.message);
    messageId = sent.id;
    await owner.waitForSeq(room.id, 1);
  });
  afterAll(() => server.close());

  const withoutRequestId = ({ requestId: _, ...body }: HttpError) => body;

  it('returns 403 for non-owners and 409 for general', async () => {
    const forbidden = await guest.call<HttpError>('DELETE', `/rooms/${room.id}`);
    expect([forbidden.status, forbidden.body.code]).toEqual([403, 'FORBIDDEN']);
    const general = await owner.call<HttpError>('DELETE', '/rooms/general');
    expect([general.status, general.body.code]).toEqual([409, 'CONFLICT']);
    const hidden = await owner.createRoom({ name: 'Hidden', visibility: 'private' });
    expect((await guest.call('DELETE', `/rooms/${hidden.id}`)).status).toBe(404);
    expect((await guest.call('GET', `/rooms/${room.id}`)).status).toBe(200);
  });

  it('emits roomRemoved to every socket of every member within 1 s', async () => {
    const notified: string[] = [];
    const sockets = { ownerSocket, guestSocket, idleSocket };
    for (const [label, socket] of Object.entries(sockets)) {
      socket.on('roomRemoved', ({ roomId }) => notified.push(`${label} ${roomId}`));
    }
    expect((await owner.call('DELETE', `/rooms/${room.id}`)).status).toBe(204);
    await until('all sockets are notified', () => notified.length === 3, 1_000);
    expect(notified.toSorted()).toEqual(
      Object.keys(sockets)
        .toSorted()
        .map((label) => `${label} ${room.id}`),
    );
  });

  it('makes all requests and events respond as for a nonexistent room', async () => {
    const missingId = `~${'0'.repeat(22)}`;
    const probes: [string, (id: string) => string, unknown?][] = [
      ['GET', (id) => `/rooms/${id}`],
      ['PATCH', (id) => `/rooms/${id}`, { topic: 'x' }],
      ['DELETE', (id) => `/rooms/${id}`],
      ['GET', (id) => `/rooms/${id}/members`],
      ['POST', (id) => `/rooms/${id}/members`, { userId: guest.id }],
      ['PATCH', (id) => `/rooms/${id}/members/${guest.id}`, { role: 'owner' }],
      ['DELETE', (id) => `/rooms/${id}/members/${owner.id}`],
      ['GET', (id) => `/messages/history/${id}`],
      ['GET', (id) => `/messages/changes/${id}?since=0`],
      ['GET', (id) => `/rooms/${id}/messages/${messageId}`],
      ['GET', (id) => `/rooms/${id}/messages/${messageId}/versions`],
      ['GET', (id) => `/rooms/${id}/messages/${messageId}/reactions?emoji=👍`],
    ];
    for (const user of [owner, guest]) {
      for (const [method, path, body] of probes) {
        const deleted = await user.call<HttpError>(method, path(room.id), body);
        const missing = await user.call<HttpError>(method, path(missingId), body);
        expect([method, path(''), deleted.status]).toEqual([method, path(''), 404]);
        expect(withoutRequestId(deleted.body)).toEqual(withoutRequestId(missing.body));
      }
      for (const list of ['/rooms', `/rooms?discover=true&query=${name}`]) {
        expect((await user.call('GET', list)).text).not.toContain(room.id);
      }
    }
    for (const socket of [ownerSocket, guestSocket, await guest.connect()]) {
      const send = (roomId: string) => emitWithAck(socket, 'sendMessage', { roomId, text: 'hi' });
      expect(await send(room.id)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
      expect(await send(room.id)).toEqual(await send(missingId));
      expect(await emitWithAck(socket, 'joinRoom', room.id)).toEqual(
        await emitWithAck(socket, 'joinRoom', missingId),
      );
    }
  });

  it('prevents POST /rooms and joinRoom from reusing the room name', async () => {
    const conflict = await guest.call<HttpError>('POST', '/rooms', { name, visibility: 'public' });
    expect([conflict.status, conflict.body.code]).toEqual([409, 'CONFLICT']);
    expect(await emitWithAck(guestSocket, 'joinRoom', name)).toMatchObject({
      ok: false,
      error: { code: 'NOT_FOUND' },
    });
  });
});
