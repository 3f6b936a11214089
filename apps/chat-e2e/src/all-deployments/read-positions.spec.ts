import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ReadPosition, RoomSummary } from '@chat/contracts';
import { until } from '@chat/testing';
import {
  describeChat,
  sharedChat,
  startChat,
  type ChatUnderTest,
} from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import type { ClientSocket, TestUser } from '../support/test-user.ts';
import { uniqueRoom } from '../support/unique-room.ts';

describeChat('a read position', () => {
  let server: ChatUnderTest;
  beforeAll(async () => {
    server = await sharedChat();
  });
  afterAll(() => server.close());

  /** Returns `[lastReadSeq, unread]` of a room in the list of the rooms of a user. */
  async function listed(user: TestUser, roomId: string): Promise<(number | undefined)[]> {
    const { body } = await user.call<RoomSummary[]>('GET', '/rooms');
    const room = body.find(({ id }) => id === roomId);
    return [room?.lastReadSeq, room?.unread];
  }

  /** Sends messages one after the other; returns their ids once the last one has `lastSeq`. */
  async function send(writer: TestUser, roomId: string, count: number, lastSeq: number) {
    const socket = await writer.connect();
    const ids: string[] = [];
    for (let n = 1; n <= count; n += 1) {
      const ack = await emitWithAck(socket, 'sendMessage', { roomId, text: `message ${n}` });
      if (!ack.ok) throw new Error(ack.error.message);
      ids.push(ack.id);
    }
    await writer.waitForSeq(roomId, lastSeq);
    return ids;
  }

  /** Connects a device; collects the read positions that it receives. */
  async function connect(user: TestUser): Promise<[ClientSocket, ReadPosition[]]> {
    const socket = await user.connect();
    const positions: ReadPosition[] = [];
    socket.on('readPosition', (position) => positions.push(position));
    return [socket, positions];
  }

  /** Creates a room in which a writer has sent 5 messages before the reader joins. */
  async function open(
    chat = server,
  ): Promise<[roomId: string, writer: TestUser, reader: TestUser]> {
    const [writer, reader] = [await chat.register('writer'), await chat.register('reader')];
    const { id } = await writer.createRoom({ name: uniqueRoom('read'), visibility: 'public' });
    await send(writer, id, 5, 5);
    await reader.call('POST', `/rooms/${id}/members`, { userId: reader.id });
    return [id, writer, reader];
  }

  it('starts at the head for a user who joins, and messages after it are unread', async () => {
    const [roomId, writer, reader] = await open();
    expect(await listed(reader, roomId)).toEqual([5, 0]);
    await send(writer, roomId, 2, 7);
    expect(await listed(reader, roomId)).toEqual([5, 2]);
    const late = await server.register();
    expect(await emitWithAck(await late.connect(), 'joinRoom', roomId)).toMatchObject({ ok: true });
    expect(await listed(late, roomId)).toEqual([7, 0]);
    const added = await server.register();
    await writer.call('POST', `/rooms/${roomId}/members`, { userId: added.id });
    expect(await listed(added, roomId)).toEqual([7, 0]);
  });

  it('is absent from the rooms to discover', async () => {
    const [roomId, , reader] = await open();
    const path = `/rooms?discover=true&query=${roomId}`;
    const { body } = await reader.call<RoomSummary[]>('GET', path);
    expect(body).toMatchObject([{ id: roomId, role: 'member', seq: 5 }]);
    expect(body[0]).not.toHaveProperty('lastReadSeq');
    expect(body[0]).not.toHaveProperty('unread');
  });

  it('moves forward with markRead, and the other devices of the user receive it', async () => {
    const [roomId, writer, reader] = await open();
    await send(writer, roomId, 5, 10);
    const [phone, onPhone] = await connect(reader);
    const [laptop, onLaptop] = await connect(reader);
    const [othersSocket, ofOther] = await connect(await server.register());
    await emitWithAck(othersSocket, 'joinRoom', roomId);
    const read = (socket: ClientSocket, seq: number) =>
      emitWithAck(socket, 'markRead', { roomId, seq });
    expect(await read(phone, 8)).toEqual({ ok: true, lastReadSeq: 8, unread: 2 });
    expect(await read(phone, 6)).toEqual({ ok: true, lastReadSeq: 8, unread: 2 });
    expect(await read(phone, 1_000)).toEqual({ ok: true, lastReadSeq: 10, unread: 0 });
    await until('the laptop has both positions', () => onLaptop.length === 2);
    expect(onLaptop).toEqual([
      { roomId, lastReadSeq: 8, unread: 2 },
      { roomId, lastReadSeq: 10, unread: 0 },
    ]);
    expect(await listed(reader, roomId)).toEqual([10, 0]);
    // The acknowledgement of a later event shows that no event about an earlier one is underway.
    for (const socket of [phone, laptop, othersSocket]) {
      await emitWithAck(socket, 'leaveRoom', roomId);
    }
    expect([onPhone, ofOther]).toEqual([[], []]);
  });

  it('never moves backwards with markRead, also when several devices mark concurrently', async () => {
    const [roomId, writer, reader] = await open();
    await send(writer, roomId, 15, 20);
    const sockets = [(await connect(reader))[0], (await connect(reader))[0]] as const;
    const acks = await Promise.all(
      Array.from({ length: 15 }, (_, n) =>
        emitWithAck(sockets[n % 2 === 0 ? 0 : 1], 'markRead', { roomId, seq: 6 + ((n * 7) % 15) }),
      ),
    );
    for (const [n, ack] of acks.entries()) {
      if (!ack.ok) throw new Error(ack.error.message);
      expect(ack.lastReadSeq).toBeGreaterThanOrEqual(6 + ((n * 7) % 15));
      expect(ack.unread).toBe(20 - ack.lastReadSeq);
    }
    expect(await listed(reader, roomId)).toEqual([20, 0]);
  });

  it('moves backwards with markUnread, and the other devices of the user receive it', async () => {
    const [roomId, , reader] = await open();
    const [phone] = await connect(reader);
    const [, onLaptop] = await connect(reader);
    const unread = (seq: number) => emitWithAck(phone, 'markUnread', { roomId, seq });
    expect(await unread(2)).toEqual({ ok: true, lastReadSeq: 2, unread: 3 });
    expect(await listed(reader, roomId)).toEqual([2, 3]);
    expect(await unread(0)).toEqual({ ok: true, lastReadSeq: 0, unread: 5 });
    expect(await unread(1_000)).toEqual({ ok: true, lastReadSeq: 5, unread: 0 });
    await until('the laptop has every position', () => onLaptop.length === 3);
    expect(onLaptop.map(({ lastReadSeq }) => lastReadSeq)).toEqual([2, 0, 5]);
  });

  it('moves to the message that the user sends, and the other devices receive it', async () => {
    const [roomId, writer, reader] = await open();
    await send(writer, roomId, 5, 10);
    const [phone, onPhone] = await connect(reader);
    const [, onLaptop] = await connect(reader);
    await emitWithAck(phone, 'sendMessage', { roomId, text: 'I have read all of it' });
    await until('the laptop has the position', () => onLaptop.length === 1);
    expect(onLaptop).toEqual([{ roomId, lastReadSeq: 11, unread: 0 }]);
    expect(await listed(reader, roomId)).toEqual([11, 0]);
    await emitWithAck(phone, 'leaveRoom', roomId);
    expect(onPhone).toEqual([]);
    expect(await listed(writer, roomId)).toEqual([10, 1]);
  });

  it('counts deleted messages as unread until it is after them', async () => {
    const [roomId, writer, reader] = await open();
    const [messageId = ''] = await send(writer, roomId, 1, 6);
    const [socket] = await connect(writer);
    await emitWithAck(socket, 'deleteMessage', { roomId, messageId });
    await until('the message is deleted', async () =>
      (await reader.history(roomId)).some(({ deletedAt }) => deletedAt !== undefined),
    );
    expect(await listed(reader, roomId)).toEqual([5, 1]);
    const [phone] = await connect(reader);
    const ack = await emitWithAck(phone, 'markRead', { roomId, seq: 6 });
    expect(ack).toEqual({ ok: true, lastReadSeq: 6, unread: 0 });
  });

  it('is not found for users who are not members, and in rooms that do not exist', async () => {
    const [publicRoom, writer, reader] = await open();
    const hidden = await writer.createRoom({ name: 'Hidden', visibility: 'private' });
    const [left, , member] = await open();
    await reader.call('POST', `/rooms/${left}/members`, { userId: reader.id });
    await reader.call('DELETE', `/rooms/${left}/members/${reader.id}`);
    const [stranger] = await connect(await server.register());
    const [former] = await connect(reader);
    const missing = `~${'0'.repeat(22)}`;
    for (const event of ['markRead', 'markUnread'] as const) {
      const errorOf = async (socket: ClientSocket, roomId: string) => {
        const ack = await emitWithAck(socket, event, { roomId, seq: 1 });
        return ack.ok ? 'ok' : ack.error;
      };
      const expected = await errorOf(stranger, missing);
      expect(expected).toMatchObject({ code: 'NOT_FOUND' });
      for (const roomId of [publicRoom, hidden.id, left]) {
        expect(await errorOf(stranger, roomId)).toEqual(expected);
      }
      expect(await errorOf(former, left)).toEqual(expected);
    }
    expect(await listed(member, left)).toEqual([5, 0]);
  });

  it('rejects payloads without a room and a whole number with VALIDATION', async () => {
    const [roomId, , reader] = await open();
    const [socket] = await connect(reader);
    const payloads: unknown[] = [{ roomId }, { seq: 1 }, { roomId, seq: -1 }, { roomId, seq: 1.5 }];
    for (const payload of [...payloads, { roomId, seq: '1' }, roomId]) {
      const ack = await emitWithAck(socket, 'markRead', payload as { roomId: string; seq: number });
      expect(ack).toMatchObject({ ok: false, error: { code: 'VALIDATION' } });
    }
    expect(await listed(reader, roomId)).toEqual([5, 0]);
  });

  it('cannot be moved beyond a rate, in which sends are not counted', async () => {
    const [roomId, , reader] = await open();
    const [socket] = await connect(reader);
    const acks = await Promise.all(
      Array.from({ length: 200 }, () => emitWithAck(socket, 'markRead', { roomId, seq: 5 })),
    );
    const codes = acks.map((ack) => (ack.ok ? 'ok' : ack.error.code));
    expect(new Set(codes)).toEqual(new Set(['ok', 'RATE_LIMITED']));
    expect(codes.filter((code) => code === 'ok').length).toBeGreaterThanOrEqual(100);
    const sent = await emitWithAck(socket, 'sendMessage', { roomId, text: 'hello' });
    expect(sent).toMatchObject({ ok: true });
  });

  it('is the same after a graceful restart, also one that a send moved just before', async () => {
    const chat = await startChat();
    try {
      const [roomId, writer, reader] = await open(chat);
      await send(writer, roomId, 5, 10);
      const [socket] = await connect(reader);
      await emitWithAck(socket, 'markRead', { roomId, seq: 7 });
      await send(writer, roomId, 1, 11);
      await chat.restart();
      expect(await listed(reader, roomId)).toEqual([7, 4]);
      expect(await listed(writer, roomId)).toEqual([11, 0]);
    } finally {
      await chat.close();
    }
  }, 120_000);
});
