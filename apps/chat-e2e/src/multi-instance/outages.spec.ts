import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChatClient, type RoomConversation } from '@chat/client';
import type { HttpError, Message } from '@chat/contracts';
import { eventually, PASSWORD, ServicesTopology, until } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { TestUser, type ClientSocket } from '../support/test-user.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { singleOrigin } from '../support/addresses.ts';

/** Broker timeout of 2 s, plus a margin for a busy machine. */
const REJECTED_WITHIN_MS = 3_000;
/** Every MongoDB timeout; short, so that the outage is several times longer than any of them. */
const MONGO_TIMEOUT_MS = 1_500;
const MONGO_OUTAGE_MS = 6 * MONGO_TIMEOUT_MS;
/**
 * Interval of the rechecks of sessions and memberships (8 s), plus a margin for a busy machine.
 * While Redis is down, only rechecks find changes, because no signals arrive.
 */
const RECHECK_WITHIN_MS = 12_000;

await describeWithServices('the services', () => {
  let topology: ServicesTopology;
  let user: TestUser;
  let socket: ClientSocket;
  beforeAll(async () => {
    topology = await ServicesTopology.start({
      chat: 2,
      messages: 2,
      env: {
        all: {
          MONGO_TIMEOUT_MS: String(MONGO_TIMEOUT_MS),
          STORE_GIVE_UP_MS: String(MONGO_TIMEOUT_MS),
        },
      },
    });
    user = await TestUser.register(singleOrigin(topology.gatewayUrl));
    socket = await user.connect();
  }, 90_000);
  afterAll(async () => {
    user.close();
    await topology.close();
  });

  const texts = (room: RoomConversation): string[] =>
    room.getSnapshot().messages.map(({ text }) => text);

  async function openClient(
    roomId: string,
  ): Promise<{ client: ChatClient; room: RoomConversation }> {
    const client = new ChatClient({ url: topology.gatewayUrl });
    await client.session.login({ email: user.email, password: PASSWORD });
    const room = client.room(roomId);
    await room.open();
    return { client, room };
  }

  it('reject sends within 3 s during a RabbitMQ outage, and afterwards store each message of the outbox of a client exactly once', async () => {
    const { client, room } = await openClient('without-rabbitmq');
    await emitWithAck(socket, 'joinRoom', 'without-rabbitmq');
    const expectRejection = async (): Promise<void> => {
      const send = { roomId: 'without-rabbitmq', text: 'rejected' };
      const ack = await emitWithAck(socket, 'sendMessage', send, REJECTED_WITHIN_MS);
      expect(ack).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
      expect(ack.ok ? 0 : ack.error.retryAfterMs).toBeGreaterThan(0);
    };
    await topology.rabbitmq.kill();
    for (let n = 1; n <= 5; n += 1) await expectRejection();
    const queued = Array.from({ length: 10 }, (_, n) => `queued ${n}`);
    for (const text of queued) room.send(text);
    await expectRejection();
    expect(room.getSnapshot().pending).toHaveLength(queued.length);
    await topology.rabbitmq.start();
    await until('the outbox is empty', () => room.getSnapshot().pending.length === 0, 30_000);
    const history = await user.history('without-rabbitmq', queued.length);
    // UNAVAILABLE leaves the outcome of a send unknown: its message may still be stored.
    expect(history.map(({ text }) => text).filter((text) => text !== 'rejected')).toEqual(queued);
    await until('the client shows the history', () => texts(room).length === history.length);
    client.close();
  }, 120_000);

  it('queue sends in order and reject reads with Retry-After during a MongoDB outage', async () => {
    const { client, room } = await openClient('without-mongodb');
    await emitWithAck(socket, 'joinRoom', 'without-mongodb');
    await emitWithAck(socket, 'sendMessage', { roomId: 'without-mongodb', text: 'before' });
    await user.waitForSeq('without-mongodb', 1);
    await topology.mongo.kill();
    const outageEndsAt = Date.now() + MONGO_OUTAGE_MS;
    const accepted: string[] = [];
    let rejectedReads = 0;
    while (Date.now() < outageEndsAt) {
      const text = `during the outage ${accepted.length}`;
      const ack = await emitWithAck(socket, 'sendMessage', { roomId: 'without-mongodb', text });
      expect(ack).toMatchObject({ ok: true });
      accepted.push(text);
      const read = await user.call('GET', '/messages/history/without-mongodb');
      if (read.status === 200) {
        expect((read.body as Message[]).map((message) => message.text)).toEqual(['before']);
      } else {
        expect(read.status).toBe(503);
        expect((read.body as HttpError).code).toBe('UNAVAILABLE');
        expect(Number(read.headers.get('retry-after'))).toBeGreaterThan(0);
        rejectedReads += 1;
      }
      await delay(1_000);
    }
    expect(rejectedReads).toBeGreaterThan(0);
    await topology.mongo.start();
    await until(
      'the client shows every message',
      () => texts(room).length === accepted.length + 1,
      30_000,
    );
    expect(texts(room)).toEqual(['before', ...accepted]);
    const history = await user.history('without-mongodb');
    expect(history.map(({ text }) => text)).toEqual(['before', ...accepted]);
    client.close();
  }, 180_000);

  it('reject lists of users who reacted, and return messages, while users is unavailable', async () => {
    const roomId = 'without-users';
    await emitWithAck(socket, 'joinRoom', roomId);
    const sent = await emitWithAck(socket, 'sendMessage', { roomId, text: 'hello' });
    if (!sent.ok) throw new Error(sent.error.message);
    await user.waitForMessage(roomId, sent.id);
    const path = `/rooms/${roomId}/messages/${sent.id}`;
    const reactors = () => user.call('GET', `${path}/reactions?emoji=👍`);
    const reaction = { roomId, messageId: sent.id, emoji: '👍', on: true };
    expect(await emitWithAck(socket, 'react', reaction)).toEqual({ ok: true });
    const expected = [{ userId: user.id, username: user.username }];
    await eventually(async () => expect((await reactors()).body).toEqual(expected));
    const users = topology.instance('users').process;
    await users.stop();
    const rejected = await reactors();
    expect(rejected).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await user.call<Message>('GET', path)).body.reactions).toMatchObject([{ count: 1 }]);
    await users.start();
    await until('the list is returned', async () => (await reactors()).status === 200, 15_000);
  }, 60_000);

  it('store sends and deliver them within 15 s during a Redis outage', async () => {
    const other = await TestUser.register(singleOrigin(topology.gatewayUrl));
    const reader = await other.connect();
    const received: string[] = [];
    reader.on('receiveMessage', ({ text }) => received.push(text));
    await emitWithAck(reader, 'joinRoom', 'without-redis');
    await emitWithAck(socket, 'joinRoom', 'without-redis');
    await topology.redis.kill();
    const sent = Array.from({ length: 20 }, (_, n) => `message ${n}`);
    for (const text of sent) {
      const ack = await emitWithAck(socket, 'sendMessage', { roomId: 'without-redis', text });
      expect(ack).toMatchObject({ ok: true });
    }
    await user.waitForSeq('without-redis', sent.length);
    await until('the reader received every message', () => received.length === sent.length, 15_000);
    expect(received).toEqual(sent);
    expect(reader.connected).toBe(true);
    await topology.redis.start();
    await emitWithAck(socket, 'sendMessage', { roomId: 'without-redis', text: 'back' });
    await until('messages arrive again', () => received.at(-1) === 'back');
    other.close();
  }, 90_000);

  it('revoke the access of removed members and ended sessions within 12 s during a Redis outage', async () => {
    const origin = singleOrigin(topology.gatewayUrl);
    const [removed, loggedOut] = [await TestUser.register(origin), await TestUser.register(origin)];
    const room = await user.createRoom({ name: 'Without Redis', visibility: 'private' });
    await emitWithAck(socket, 'joinRoom', room.id);
    const sockets: ClientSocket[] = [];
    for (const guest of [removed, loggedOut]) {
      await user.call('POST', `/rooms/${room.id}/members`, { userId: guest.id });
      const guestSocket = await guest.connect();
      expect(await emitWithAck(guestSocket, 'joinRoom', room.id)).toMatchObject({ ok: true });
      sockets.push(guestSocket);
    }
    const [removedSocket, loggedOutSocket] = sockets as [ClientSocket, ClientSocket];
    const notified: string[] = [];
    const receivedByRemoved: string[] = [];
    const receivedByOwner: string[] = [];
    socket.on('receiveMessage', ({ text }) => receivedByOwner.push(text));
    removedSocket.on('roomRemoved', ({ roomId }) => notified.push(roomId));
    removedSocket.on('receiveMessage', ({ text }) => receivedByRemoved.push(text));
    loggedOutSocket.on('sessionExpired', () => notified.push('session'));
    await topology.redis.kill();
    const removal = await user.call('DELETE', `/rooms/${room.id}/members/${removed.id}`);
    expect(removal.status).toBe(204);
    expect((await loggedOut.call('POST', '/auth/logout')).status).toBe(204);
    await until('both are notified', () => notified.length === 2, RECHECK_WITHIN_MS);
    expect(notified.toSorted()).toEqual(['session', room.id].toSorted());
    expect(loggedOutSocket.connected).toBe(false);
    const ack = await emitWithAck(removedSocket, 'sendMessage', { roomId: room.id, text: 'hey' });
    expect(ack).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
    await emitWithAck(socket, 'sendMessage', { roomId: room.id, text: 'now without you' });
    await user.waitForSeq(room.id, 1);
    await topology.redis.start();
    await emitWithAck(socket, 'sendMessage', { roomId: room.id, text: 'and with Redis' });
    await until(
      'the owner receives the message',
      () => receivedByOwner.at(-1) === 'and with Redis',
      15_000,
    );
    expect(receivedByRemoved).toEqual([]);
    removed.close();
    loggedOut.close();
  }, 90_000);
});
