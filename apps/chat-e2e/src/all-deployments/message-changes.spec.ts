import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { MessageChanged } from '@chat/contracts';
import { until } from '@chat/testing';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import type { ClientSocket, TestUser } from '../support/test-user.ts';
import { uniqueRoom } from '../support/unique-room.ts';

interface Participant {
  readonly user: TestUser;
  readonly socket: ClientSocket;
  readonly changes: MessageChanged[];
}

describeChat('a message', () => {
  let server: ChatUnderTest;
  beforeAll(async () => {
    server = await sharedChat();
  });
  afterAll(() => server.close());

  async function join(roomId: string): Promise<Participant> {
    const user = await server.register();
    const socket = await user.connect();
    const changes: MessageChanged[] = [];
    socket.on('messageChanged', (change) => changes.push(change));
    expect(await emitWithAck(socket, 'joinRoom', roomId)).toMatchObject({ ok: true });
    return { user, socket, changes };
  }

  /** Sends a message; returns its id once the room has it. */
  async function send(sender: Participant, roomId: string, text: string): Promise<string> {
    const ack = await emitWithAck(sender.socket, 'sendMessage', { roomId, text });
    if (!ack.ok) throw new Error(ack.error.message);
    await sender.user.waitForMessage(roomId, ack.id);
    return ack.id;
  }

  it('is edited on every screen and in the history, at once after it was sent', async () => {
    const roomId = uniqueRoom('edits');
    const [ann, bob] = [await join(roomId), await join(roomId)];
    const sent = await emitWithAck(ann.socket, 'sendMessage', { roomId, text: 'helo' });
    if (!sent.ok) throw new Error(sent.error.message);
    const edit = { roomId, messageId: sent.id, text: 'hello' };
    expect(await emitWithAck(ann.socket, 'editMessage', edit)).toEqual({ ok: true });
    await until('both have the edit', () => ann.changes.length + bob.changes.length === 2);
    expect(bob.changes).toMatchObject([
      { rev: 2, messageId: sent.id, change: { kind: 'edited', text: 'hello' } },
    ]);
    const [message] = await bob.user.history(roomId);
    expect(message).toMatchObject({ seq: 1, rev: 2, text: 'hello' });
    expect(message?.editedAt).toEqual(expect.any(String));
  });

  it('is not found in another room, even at once after it was sent', async () => {
    const [roomId, otherRoomId] = [uniqueRoom('its-room'), uniqueRoom('another-room')];
    const ann = await join(roomId);
    await emitWithAck(ann.socket, 'joinRoom', otherRoomId);
    const sent = await emitWithAck(ann.socket, 'sendMessage', { roomId, text: 'hello' });
    if (!sent.ok) throw new Error(sent.error.message);
    const edit = { roomId: otherRoomId, messageId: sent.id, text: 'elsewhere' };
    expect(await emitWithAck(ann.socket, 'editMessage', edit)).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
  });

  it('loses its text everywhere when its author deletes it', async () => {
    const roomId = uniqueRoom('deletions');
    const [ann, bob] = [await join(roomId), await join(roomId)];
    const messageId = await send(ann, roomId, 'a secret');
    const deletion = { roomId, messageId };
    expect(await emitWithAck(ann.socket, 'deleteMessage', deletion)).toEqual({ ok: true });
    await until('bob has the deletion', () => bob.changes.length === 1);
    expect(bob.changes[0]?.change.kind).toBe('deleted');
    const late = await join(roomId);
    const joined = await emitWithAck(late.socket, 'joinRoom', { roomId, since: 0 });
    const states = [
      await late.user.history(roomId),
      (await late.user.changes(roomId, 0)).changes,
      joined.ok ? joined.changes : [],
    ];
    for (const messages of states) {
      expect(messages).toMatchObject([{ id: messageId, text: '', rev: 2 }]);
    }
    const edit = { ...deletion, text: 'again' };
    expect(await emitWithAck(ann.socket, 'editMessage', edit)).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
  });

  it('is not found by its author after it was deleted, even at once after a retry of its send', async () => {
    const roomId = uniqueRoom('deleted-by-owner');
    const [owner, ann] = [await join(roomId), await join(roomId)];
    const message = { roomId, text: 'hello', clientMessageId: 'retried' };
    const sent = await emitWithAck(ann.socket, 'sendMessage', message);
    if (!sent.ok) throw new Error(sent.error.message);
    await owner.user.waitForMessage(roomId, sent.id);
    const target = { roomId, messageId: sent.id };
    expect(await emitWithAck(owner.socket, 'deleteMessage', target)).toEqual({ ok: true });
    await until('ann has the deletion', () => ann.changes.length === 1);
    expect(await emitWithAck(ann.socket, 'sendMessage', message)).toEqual(sent);
    const edit = { ...target, text: 'again' };
    expect(await emitWithAck(ann.socket, 'editMessage', edit)).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
  });

  it('counts each reaction once, and shows readers their own', async () => {
    const roomId = uniqueRoom('reactions');
    const [ann, bob] = [await join(roomId), await join(roomId)];
    const messageId = await send(ann, roomId, 'lunch?');
    const reaction = { roomId, messageId, emoji: '👍', on: true };
    for (const { socket } of [ann, bob, bob]) {
      expect(await emitWithAck(socket, 'react', reaction)).toEqual({ ok: true });
    }
    await until('ann has both', () => ann.changes.length === 2);
    const [seenByBob] = await bob.user.history(roomId);
    const userIds = [ann.user.id, bob.user.id];
    expect(seenByBob?.reactions).toEqual([{ emoji: '👍', count: 2, userIds, mine: true }]);
    const other = await server.register();
    expect((await other.history(roomId))[0]?.reactions).toEqual([
      { emoji: '👍', count: 2, userIds, mine: false },
    ]);
    await emitWithAck(bob.socket, 'react', { ...reaction, on: false });
    await until('ann has the removal', () => ann.changes.length === 3);
    expect(ann.changes.at(-1)?.change).toEqual({
      kind: 'reacted',
      emoji: '👍',
      userId: bob.user.id,
      on: false,
    });
  });

  it('rejects a 51st emoji with CONFLICT, and accepts all 50 again', async () => {
    const roomId = uniqueRoom('emoji');
    const ann = await join(roomId);
    const messageId = await send(ann, roomId, 'popular');
    const react = (n: number) => {
      const emoji = String.fromCodePoint(0x1f600 + n);
      return emitWithAck(ann.socket, 'react', { roomId, messageId, emoji, on: true });
    };
    for (let n = 0; n < 50; n += 1) expect(await react(n)).toEqual({ ok: true });
    await until('all are stored', () => ann.changes.length === 50);
    expect(await react(50)).toMatchObject({
      error: { code: 'CONFLICT', message: 'A message can have at most 50 different emoji.' },
    });
    expect(await react(49)).toEqual({ ok: true });
  });

  it('is changed once by a command that is retried with the same clientMessageId', async () => {
    const roomId = uniqueRoom('retries');
    const ann = await join(roomId);
    const messageId = await send(ann, roomId, 'one');
    const edit = (text: string, clientMessageId: string) =>
      emitWithAck(ann.socket, 'editMessage', { roomId, messageId, text, clientMessageId });
    await edit('two', 'first-edit');
    await edit('three', 'second-edit');
    expect(await edit('two', 'first-edit')).toEqual({ ok: true });
    await send(ann, roomId, 'done');
    expect((await ann.user.history(roomId)).map(({ text }) => text)).toEqual(['three', 'done']);
    expect((await ann.user.changes(roomId, 0)).rev).toBe(4);
  });
});
