import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { until } from '@chat/testing';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { uniqueRoom } from '../support/unique-room.ts';

describeChat('a public room', () => {
  let server: ChatUnderTest;

  async function join(roomId: string): Promise<{
    user: TestUser;
    socket: ClientSocket;
    received: Message[];
  }> {
    const user = await server.register();
    const socket = await user.connect();
    const received: Message[] = [];
    socket.on('receiveMessage', (message) => received.push(message));
    const ack = await emitWithAck(socket, 'joinRoom', roomId);
    expect(ack).toMatchObject({ ok: true, roomId });
    return { user, socket, received };
  }

  beforeAll(async () => {
    server = await sharedChat();
  });
  afterAll(() => server.close());

  it('delivers each message to every joined socket exactly as the history returns it', async () => {
    const roomId = uniqueRoom('greetings');
    const ann = await join(roomId);
    const bob = await join(roomId);
    const first = await emitWithAck(ann.socket, 'sendMessage', {
      roomId,
      text: 'hi bob',
    });
    const second = await emitWithAck(bob.socket, 'sendMessage', {
      roomId,
      text: '  hi ann  ',
      clientMessageId: 'bobs-first',
    });
    expect(first.ok && second.ok).toBe(true);
    await until(
      'both receive both messages',
      () => ann.received.length + bob.received.length === 4,
    );
    const history = await ann.user.history(roomId);
    expect(ann.received).toEqual(history);
    expect(bob.received).toEqual(history);
    expect(history).toMatchObject([
      { seq: 1, rev: 1, text: 'hi bob', userId: ann.user.id, username: ann.user.username },
      { seq: 2, rev: 2, text: 'hi ann', userId: bob.user.id, clientMessageId: 'bobs-first' },
    ]);
  });

  it('stores the authenticated sender and the server time regardless of the payload', async () => {
    const roomId = uniqueRoom('claims');
    const eve = await join(roomId);
    const forgedMessage = {
      roomId,
      text: 'trust me',
      userId: 'another-user',
      username: 'admin',
      timestamp: '1999-01-01T00:00:00.000Z',
    };
    await emitWithAck(eve.socket, 'sendMessage', forgedMessage);
    const [message] = await eve.user.history(roomId, 1);
    expect(message).toMatchObject({ userId: eve.user.id, username: eve.user.username });
    expect(Date.now() - Date.parse(message?.timestamp ?? '')).toBeLessThan(60_000);
  });

  it('stores and delivers a message once when it is sent 50 times on two sockets', async () => {
    const roomId = uniqueRoom('repeats');
    const ann = await join(roomId);
    const bob = await join(roomId);
    const second = await ann.user.connect();
    const send = { roomId, text: 'only once', clientMessageId: 'the-same' };
    const acks = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        emitWithAck(index % 2 === 0 ? ann.socket : second, 'sendMessage', send),
      ),
    );
    expect(new Set(acks.map((ack) => (ack.ok ? ack.id : ack.error.code))).size).toBe(1);
    await emitWithAck(ann.socket, 'sendMessage', { roomId, text: 'the last' });
    await until('the last message is delivered', () => bob.received.at(-1)?.text === 'the last');
    expect(bob.received.map(({ text }) => text)).toEqual(['only once', 'the last']);
    expect((await bob.user.history(roomId)).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('stores each of two different messages with the same clientMessageId exactly once, even when both are sent again', async () => {
    const roomId = uniqueRoom('reused-client-ids');
    const ann = await join(roomId);
    const send = (text: string) =>
      emitWithAck(ann.socket, 'sendMessage', {
        roomId,
        text,
        clientMessageId: '1',
      });
    const texts = ['before the restart', 'after the restart'];
    const ids: string[] = [];
    for (const text of [...texts, ...texts]) {
      const ack = await send(text);
      ids.push(ack.ok ? ack.id : ack.error.code);
    }
    const history = await ann.user.history(roomId, 2);
    expect(history.map(({ seq, text }) => [seq, text])).toEqual([
      [1, texts[0]],
      [2, texts[1]],
    ]);
    const stored = history.map(({ id }) => id);
    expect(ids).toEqual([...stored, ...stored]);
    await until('both messages are delivered', () => ann.received.length === 2);
    expect(ann.received).toEqual(history);
  });

  it('delivers 2,000 messages from 20 concurrent senders to all members in the same order', async () => {
    const roomId = uniqueRoom('crowd');
    const members: Awaited<ReturnType<typeof join>>[] = [];
    for (let n = 0; n < 20; n += 1) members.push(await join(roomId));
    await Promise.all(
      members.map(async ({ socket }, sender) => {
        const acks = Array.from({ length: 100 }, (_, n) => {
          const [text, clientMessageId] = [`${sender}/${n}`, `${sender}-${n}`];
          const message = { roomId, text, clientMessageId };
          return emitWithAck(socket, 'sendMessage', message, 30_000);
        });
        for (const ack of await Promise.all(acks)) expect(ack.ok).toBe(true);
      }),
    );
    await until(
      'every member received every message',
      () => members.every(({ received }) => received.length >= 2_000),
      30_000,
    );
    const [first] = members;
    const history = (await first?.user.history(roomId)) ?? [];
    expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: 2_000 }, (_, n) => n + 1));
    // Compared as JSON, which is faster than deep-comparing 20 arrays of 2,000 messages.
    const sequences = new Set(members.map(({ received }) => JSON.stringify(received)));
    expect([...sequences].map((sequence) => JSON.parse(sequence) as Message[])).toEqual([history]);
    for (let sender = 0; sender < 20; sender += 1) {
      const own = history.filter(({ text }) => text.startsWith(`${sender}/`));
      expect(own.map(({ text }) => text)).toEqual(
        Array.from({ length: 100 }, (_, n) => `${sender}/${n}`),
      );
    }
  });

  it('accepts a message that is sent before joinRoom is acknowledged', async () => {
    const roomId = uniqueRoom('hasty');
    const user = await server.register();
    const socket = await user.connect();
    const received: Message[] = [];
    socket.on('receiveMessage', (message) => received.push(message));
    socket.emit('joinRoom', roomId);
    socket.emit('sendMessage', { roomId, text: 'already here' });
    await until('the message is delivered', () => received.length === 1);
  });

  it('returns missed changes in the joinRoom acknowledgement and delivers later ones as events', async () => {
    const roomId = uniqueRoom('catch-up');
    const ann = await join(roomId);
    const send = (text: string) => emitWithAck(ann.socket, 'sendMessage', { roomId, text });
    for (const text of ['1', '2', '3']) await send(text);
    const bob = await server.register();
    const socket = await bob.connect();
    const received: Message[] = [];
    socket.on('receiveMessage', (message) => received.push(message));
    const sending = Promise.all(['4', '5', '6', '7'].map(send));
    const ack = await emitWithAck(socket, 'joinRoom', { roomId, since: 1 });
    await sending;
    if (!ack.ok || !ack.changes) throw new Error('the join was rejected');
    await until('all changes arrived', () => ack.rev + received.length === 7);
    expect(ack.complete).toBe(true);
    expect([...ack.changes, ...received].map(({ text }) => text)).toEqual([
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ]);
  });

  it('acknowledges joinRoom with complete: false after 140 missed changes, which REST returns in pages', async () => {
    const roomId = uniqueRoom('long');
    const ann = await join(roomId);
    await Promise.all(
      Array.from({ length: 150 }, (_, n) =>
        emitWithAck(ann.socket, 'sendMessage', { roomId, text: String(n) }),
      ),
    );
    await ann.user.waitForSeq(roomId, 150);
    const socket = await ann.user.connect();
    expect(await emitWithAck(socket, 'joinRoom', { roomId, since: 10 })).toMatchObject({
      ok: true,
      rev: 150,
      complete: false,
    });
    const page = await ann.user.changes(roomId, 10);
    expect(page).toMatchObject({ rev: 60, complete: false });
    expect((await ann.user.changes(roomId, 140)).changes).toHaveLength(10);
    expect(await ann.user.changes(roomId, 150)).toEqual({
      rev: 150,
      complete: true,
      changes: [],
    });
    expect(await ann.user.changes(roomId, 999)).toEqual({
      rev: 150,
      complete: false,
      changes: [],
    });
  });

  it('delivers no message to a socket after leaveRoom, but accepts its sends', async () => {
    const roomId = uniqueRoom('leaving');
    const ann = await join(roomId);
    const bob = await join(roomId);
    expect(await emitWithAck(bob.socket, 'leaveRoom', { roomId })).toEqual({ ok: true });
    await emitWithAck(ann.socket, 'sendMessage', { roomId, text: 'bob?' });
    await until('ann receives the message', () => ann.received.length === 1);
    expect(bob.received).toEqual([]);
    const ack = await emitWithAck(bob.socket, 'sendMessage', { roomId, text: 'yes' });
    expect(ack.ok).toBe(true);
  });
});
