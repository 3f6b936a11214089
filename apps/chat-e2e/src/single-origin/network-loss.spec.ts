import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChatClient } from '@chat/client';
import type { Message } from '@chat/contracts';
import { FaultProxy, PASSWORD, until } from '@chat/testing';
import {
  describeChat,
  originOf,
  startChat,
  type ChatUnderTest,
} from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';

const MISSED = 500;

describeChat('ChatClient', () => {
  let server: ChatUnderTest;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startChat({
      SEND_RATE: '10000',
      SEND_BURST: '10000',
      // Clients detect an unresponsive connection by the heartbeat; the server sends its timing.
      SOCKET_PING_INTERVAL_MS: '3000',
      SOCKET_PING_TIMEOUT_MS: '3000',
    });
    proxy = await FaultProxy.to(Number(new URL(originOf(server)).port));
  });
  afterAll(async () => {
    await proxy.disconnect();
    await server.close();
  });

  it.each([
    ['a connection reset', 'cut-room', () => proxy.disconnect()],
    [
      'a network loss that leaves connections open',
      'silent-room',
      () => {
        proxy.blackhole();
        return Promise.resolve();
      },
    ],
  ])(
    'shows every missed message and sends its outbox in order after %s',
    async (_how, roomId, disconnect) => {
      const user = await server.register();
      const client = new ChatClient({ url: proxy.url });
      await client.session.login({ email: user.email, password: PASSWORD });
      const room = client.room(roomId);
      const received: Message[] = [];
      room.on('message', (message) => received.push(message));
      await room.open();
      const other = await server.register();
      const socket = await other.connect();
      await emitWithAck(socket, 'joinRoom', roomId);
      await emitWithAck(socket, 'sendMessage', { roomId, text: 'before' });
      await until('the client is live', () => received.length === 1);

      await disconnect();
      for (const n of [1, 2, 3]) room.send(`queued ${n}`);
      await Promise.all(
        Array.from({ length: MISSED }, (_, n) =>
          emitWithAck(socket, 'sendMessage', { roomId, text: `missed ${n + 1}` }, 30_000),
        ),
      );
      expect(received).toHaveLength(1);
      await proxy.restore();

      await until('the client shows every message', () => received.length >= MISSED + 4, 60_000);
      const history = await user.history(roomId);
      expect(received).toEqual(history);
      const texts = history.map(({ text }) => text);
      expect(texts.filter((text) => text.startsWith('queued'))).toEqual([
        'queued 1',
        'queued 2',
        'queued 3',
      ]);
      const window = room.getSnapshot().messages;
      expect(window).toEqual(history.slice(-window.length));
      await until('the outbox is empty', () => room.getSnapshot().pending.length === 0);
      client.close();
    },
    120_000,
  );
});
