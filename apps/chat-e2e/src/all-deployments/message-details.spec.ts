import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type {
  ClientEvent,
  ClientPayload,
  EarlierVersion,
  HttpError,
  Message,
  Reactor,
} from '@chat/contracts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import type { ClientSocket, TestUser } from '../support/test-user.ts';
import { uniqueRoom } from '../support/unique-room.ts';

describeChat('GET /rooms/:roomId/messages/:messageId', () => {
  let server: ChatUnderTest;
  let ann: TestUser;
  let bob: TestUser;
  let annSocket: ClientSocket;
  let bobSocket: ClientSocket;
  const roomId = uniqueRoom('details');
  beforeAll(async () => {
    server = await sharedChat();
    [ann, bob] = [await server.register(), await server.register()];
    [annSocket, bobSocket] = [await ann.connect(), await bob.connect()];
    for (const socket of [annSocket, bobSocket]) await emitWithAck(socket, 'joinRoom', roomId);
  });
  afterAll(() => server.close());

  /** Sends a message of ann; returns its id once it is stored. */
  async function send(text: string): Promise<string> {
    const ack = await emitWithAck(annSocket, 'sendMessage', { roomId, text });
    if (!ack.ok) throw new Error(ack.error.message);
    await ann.waitForMessage(roomId, ack.id);
    return ack.id;
  }

  /** Emits a command; returns once it is stored. */
  async function change<E extends ClientEvent>(
    socket: ClientSocket,
    event: E,
    payload: ClientPayload<E>,
  ): Promise<void> {
    expect(await emitWithAck(socket, event, payload)).toEqual({ ok: true });
    await send(`after ${event}`);
  }

  const get = async <T>(messageId: string, suffix = '', reader = bob): Promise<T> => {
    const { status, body } = await reader.call<T>(
      'GET',
      `/rooms/${roomId}/messages/${messageId}${suffix}`,
    );
    expect(status).toBe(200);
    return body;
  };

  it('returns the same message as the history, with the reactions of the caller', async () => {
    const messageId = await send('hello');
    await change(annSocket, 'editMessage', { roomId, messageId, text: 'hello, world' });
    await change(bobSocket, 'react', { roomId, messageId, emoji: '👍', on: true });
    for (const [reader, mine] of [
      [ann, false],
      [bob, true],
    ] as const) {
      const message = await get<Message>(messageId, '', reader);
      expect(message).toMatchObject({ text: 'hello, world', reactions: [{ emoji: '👍', mine }] });
      const history = await reader.history(roomId);
      expect(message).toEqual(history.find(({ id }) => id === messageId));
    }
  });

  it('returns the texts before each edit at …/versions, oldest first', async () => {
    const messageId = await send('one');
    const { timestamp } = await get<Message>(messageId);
    expect(await get(messageId, '/versions')).toEqual([]);
    await change(annSocket, 'editMessage', { roomId, messageId, text: 'two' });
    const { editedAt = '' } = await get<Message>(messageId);
    await change(annSocket, 'editMessage', { roomId, messageId, text: 'three' });
    expect(await get<EarlierVersion[]>(messageId, '/versions')).toEqual([
      { text: 'one', timestamp },
      { text: 'two', timestamp: editedAt },
    ]);
  });

  it('returns the users who reacted with an emoji at …/reactions, page by page', async () => {
    const messageId = await send('lunch?');
    for (const socket of [annSocket, bobSocket]) {
      await change(socket, 'react', { roomId, messageId, emoji: '🍕', on: true });
    }
    const reactors = (query: string) =>
      get<Reactor[]>(messageId, `/reactions?emoji=${encodeURIComponent('🍕')}${query}`);
    const [first, second] = [ann, bob]
      .map(({ id, username }) => ({ userId: id, username }))
      .toSorted((one, other) => (one.userId < other.userId ? -1 : 1));
    expect(await reactors('')).toEqual([first, second]);
    expect(await reactors('&limit=1')).toEqual([first]);
    expect(await reactors(`&limit=1&after=${first?.userId}`)).toEqual([second]);
    expect(await reactors(`&after=${second?.userId}`)).toEqual([]);
    expect(await get(messageId, `/reactions?emoji=${encodeURIComponent('🥗')}`)).toEqual([]);
  });

  it('returns the username of a user who reacted and has left the room', async () => {
    const messageId = await send('goodbye?');
    const eve = await server.register();
    const eveSocket = await eve.connect();
    await emitWithAck(eveSocket, 'joinRoom', roomId);
    await change(eveSocket, 'react', { roomId, messageId, emoji: '👋', on: true });
    const { status } = await eve.call('DELETE', `/rooms/${roomId}/members/${eve.id}`);
    expect(status).toBe(204);
    expect(await get(messageId, `/reactions?emoji=${encodeURIComponent('👋')}`)).toEqual([
      { userId: eve.id, username: eve.username },
    ]);
  });

  it('returns only the tombstone of a deleted message, without versions and reactions', async () => {
    const messageId = await send('a secret');
    await change(annSocket, 'editMessage', { roomId, messageId, text: 'another secret' });
    await change(bobSocket, 'react', { roomId, messageId, emoji: '👍', on: true });
    await change(annSocket, 'deleteMessage', { roomId, messageId });
    const tombstone = await get<Message>(messageId);
    expect(tombstone).toMatchObject({ id: messageId, text: '', userId: ann.id });
    expect(tombstone.deletedAt).toEqual(expect.any(String));
    expect(tombstone).not.toHaveProperty('reactions');
    expect(await get(messageId, '/versions')).toEqual([]);
    expect(await get(messageId, '/reactions?emoji=👍')).toEqual([]);
  });

  it('returns 404 for a message of another room and for an unknown one', async () => {
    const messageId = await send('here');
    for (const suffix of ['', '/versions', '/reactions?emoji=👍']) {
      const paths = [
        `/rooms/general/messages/${messageId}${suffix}`,
        `/rooms/${roomId}/messages/${'A'.repeat(22)}${suffix}`,
      ];
      for (const path of paths) {
        const { status, body } = await ann.call<HttpError>('GET', path);
        expect([path, status, body.message]).toEqual([path, 404, 'Message not found.']);
      }
    }
  });

  it('returns 400 for a malformed message id, and for reactions without a valid emoji', async () => {
    const messageId = await send('here');
    for (const path of [
      'no-message-id',
      'no-message-id/versions',
      `${messageId}/reactions`,
      `${messageId}/reactions?emoji=hello`,
      `${messageId}/reactions?emoji=👍&limit=0`,
      `${messageId}/reactions?emoji=👍&after=%20`,
    ]) {
      const { status } = await ann.call('GET', `/rooms/${roomId}/messages/${path}`);
      expect([path, status]).toEqual([path, 400]);
    }
  });
});
