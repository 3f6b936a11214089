import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HttpError, RoomSummary } from '@chat/contracts';
import { until } from '@chat/testing';
import type { Account, ClientSocket } from '../support/account.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { uniqueRoom } from '../support/unique-room.ts';

describeChat('room deletion', () => {
  let server: ChatUnderTest;
  let owner: Account;
  let guest: Account;
  let room: RoomSummary;
  let ownerSocket: ClientSocket;
  let guestSocket: ClientSocket;
  /** Socket of a member, without a joinRoom. */
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
    await emitWithAck(ownerSocket, 'sendMessage', { roomId: room.id, text: 'soon deleted' });
    await owner.stored(room.id, 1);
  });
  afterAll(() => server.close());

  const withoutIds = ({ requestId: _, ...body }: HttpError) => body;

  it('is refused to non-owners and for general', async () => {
    const refused = await guest.call<HttpError>('DELETE', `/rooms/${room.id}`);
    expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
    const general = await owner.call<HttpError>('DELETE', '/rooms/general');
    expect([general.status, general.body.code]).toEqual([409, 'CONFLICT']);
    const hidden = await owner.createRoom({ name: 'Hidden', visibility: 'private' });
    expect((await guest.call('DELETE', `/rooms/${hidden.id}`)).status).toBe(404);
    expect((await guest.call('GET', `/rooms/${room.id}`)).status).toBe(200);
  });

  it('emits roomRemoved to every socket of every member within 1 s', async () => {
    const notified: string[] = [];
    const sockets = { ownerSocket, guestSocket, idleSocket };
    for (const [which, socket] of Object.entries(sockets)) {
      socket.on('roomRemoved', ({ roomId }) => notified.push(`${which} ${roomId}`));
    }
    expect((await owner.call('DELETE', `/rooms/${room.id}`)).status).toBe(204);
    await until('all sockets are notified', () => notified.length === 3, 1_000);
    expect(notified.toSorted()).toEqual(
      Object.keys(sockets)
        .toSorted()
        .map((w) => `${w} ${room.id}`),
    );
  });

  it('makes all calls and events answer as for a room that does not exist', async () => {
    const none = `~${'0'.repeat(22)}`;
    const probes: [string, (id: string) => string, unknown?][] = [
      ['GET', (id) => `/rooms/${id}`],
      ['PATCH', (id) => `/rooms/${id}`, { topic: 'x' }],
      ['DELETE', (id) => `/rooms/${id}`],
      ['GET', (id) => `/rooms/${id}/members`],
      ['POST', (id) => `/rooms/${id}/members`, { userId: guest.id }],
      ['DELETE', (id) => `/rooms/${id}/members/${owner.id}`],
      ['GET', (id) => `/messages/history/${id}`],
      ['GET', (id) => `/messages/changes/${id}?since=0`],
    ];
    for (const account of [owner, guest]) {
      for (const [method, path, body] of probes) {
        const deleted = await account.call<HttpError>(method, path(room.id), body);
        const missing = await account.call<HttpError>(method, path(none), body);
        expect([method, path(''), deleted.status]).toEqual([method, path(''), 404]);
        expect(withoutIds(deleted.body)).toEqual(withoutIds(missing.body));
      }
      for (const list of ['/rooms', `/rooms?discover=true&query=${name}`]) {
        expect((await account.call('GET', list)).text).not.toContain(room.id);
      }
    }
    for (const socket of [ownerSocket, guestSocket, await guest.connect()]) {
      const send = (roomId: string) => emitWithAck(socket, 'sendMessage', { roomId, text: 'hi' });
      expect(await send(room.id)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
      expect(await send(room.id)).toEqual(await send(none));
      expect(await emitWithAck(socket, 'joinRoom', room.id)).toEqual(
        await emitWithAck(socket, 'joinRoom', none),
      );
    }
  });

  it('keeps the room name reserved against POST /rooms and joinRoom', async () => {
    const again = await guest.call<HttpError>('POST', '/rooms', { name, visibility: 'public' });
    expect([again.status, again.body.code]).toEqual([409, 'CONFLICT']);
    expect(await emitWithAck(guestSocket, 'joinRoom', name)).toMatchObject({
      ok: false,
      error: { code: 'NOT_FOUND' },
    });
  });
});
