import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChatClient } from '@chat/client';
import { MAX_JOIN_CHANGES } from '@chat/contracts';
import { FaultProxy, PASSWORD, until } from '@chat/testing';
import type { TestUser } from '../support/test-user.ts';
import {
  describeChat,
  originOf,
  sharedChat,
  type ChatUnderTest,
} from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { metric } from '../support/metrics.ts';
import { uniqueRoom } from '../support/unique-room.ts';

const AUTHORS = 2;
const ROOMS_EACH = 25;
const FEW = 20;
/** More changes than a joinRoom acknowledgement can contain. */
const MANY = MAX_JOIN_CHANGES + 10;

describeChat('ChatClient with 50 rooms', () => {
  let server: ChatUnderTest;
  let user: TestUser;
  let authors: TestUser[];
  const roomIds = Array.from({ length: AUTHORS * ROOMS_EACH }, (_, n) => uniqueRoom(`room-${n}`));
  const clients: ChatClient[] = [];
  let proxy: FaultProxy;

  beforeAll(async () => {
    // Default limits, except for sends: the authors fill the rooms.
    server = await sharedChat();
    proxy = await FaultProxy.to(Number(new URL(originOf(server)).port));
    user = await server.register();
    authors = await Promise.all(Array.from({ length: AUTHORS }, () => server.register('author')));
    await Promise.all(
      authors.map(async (author, index) => {
        const socket = await author.connect();
        for (const roomId of roomIds.slice(index * ROOMS_EACH, (index + 1) * ROOMS_EACH)) {
          await emitWithAck(socket, 'joinRoom', roomId);
          await emitWithAck(socket, 'sendMessage', { roomId, text: 'hello' });
        }
      }),
    );
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await proxy.disconnect();
    await server.close();
  });

  /** Texts that the client misses in a room: many in every fifth room, few in the others. */
  const missedTexts = (roomId: string): string[] => {
    const length = roomIds.indexOf(roomId) % 5 === 0 ? MANY : FEW;
    return Array.from({ length }, (_, n) => `missed ${n + 1}`);
  };
  const signIn = async (url: string): Promise<ChatClient> => {
    const client = new ChatClient({ url });
    clients.push(client);
    await client.session.login({ email: user.email, password: PASSWORD });
    return client;
  };
  const rejections = async (): Promise<number> => {
    const counts = await Promise.all(
      server.processes.map((process) => metric(process, 'chat_refusals_total')),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };

  it('opens every room in two tabs simultaneously without a rejected request', async () => {
    const before = await rejections();
    await Promise.all(
      [await signIn(originOf(server)), await signIn(originOf(server))].map((client) =>
        Promise.all(roomIds.map((roomId) => client.room(roomId).open())),
      ),
    );
    expect(await rejections()).toBe(before);
  });

  it('shows all messages missed in each room, in order', async () => {
    const client = await signIn(proxy.url);
    const rooms = roomIds.map((roomId) => client.room(roomId));
    await Promise.all(rooms.map((room) => room.open()));
    await proxy.disconnect();
    await Promise.all(
      authors.map(async (author, index) => {
        const socket = await author.connect();
        for (const roomId of roomIds.slice(index * ROOMS_EACH, (index + 1) * ROOMS_EACH)) {
          await emitWithAck(socket, 'joinRoom', roomId);
          const texts = missedTexts(roomId);
          await Promise.all(
            texts.map((text) => emitWithAck(socket, 'sendMessage', { roomId, text })),
          );
        }
      }),
    );
    await proxy.restore();
    const windows = () => rooms.map((room) => room.getSnapshot().messages);
    await until(
      'the client shows the newest message of each room',
      () =>
        windows().every(
          (messages, n) => messages.at(-1)?.text === missedTexts(roomIds[n] ?? '').at(-1),
        ),
      30_000,
    );
    for (const [n, messages] of windows().entries()) {
      const texts = missedTexts(roomIds[n] ?? '');
      expect(messages.slice(-texts.length).map(({ text }) => text)).toEqual(texts);
      const first = messages[0]?.seq ?? 0;
      expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, n) => first + n));
    }
  });
});
