import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChatClient } from '@chat/client';
import type { Message } from '@chat/contracts';
import { Link } from '@chat/testing';
import { Account, PASSWORD } from '../support/account.ts';
import {
  describeChat,
  onlyAddress,
  startChat,
  type ChatUnderTest,
} from '../support/chat-under-test.ts';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';

const MISSED = 500;

describeChat('ChatClient', () => {
  let server: ChatUnderTest;
  let link: Link;
  beforeAll(async () => {
    server = await startChat({
      SEND_RATE: '10000',
      SEND_BURST: '10000',
      // The silence is noticed by the heartbeat, which is told to clients.
      SOCKET_PING_INTERVAL_MS: '3000',
      SOCKET_PING_TIMEOUT_MS: '3000',
    });
    link = await Link.to(Number(new URL(onlyAddress(server)).port));
  });
  afterAll(async () => {
    await link.cut();
    await server.close();
  });

  it.each([
    ['a connection reset', 'cut-room', () => link.cut()],
    [
      'a cut that leaves connections open',
      'silent-room',
      () => {
        link.swallow();
        return Promise.resolve();
      },
    ],
  ])(
    'shows every missed message and sends its outbox in order after %s',
    async (_how, roomId, cutOff) => {
      const account = await Account.register(server.at);
      const client = new ChatClient({ url: link.url });
      await client.session.login({ email: account.email, password: PASSWORD });
      const room = client.room(roomId);
      const shown: Message[] = [];
      room.on('message', (message) => shown.push(message));
      await room.open();
      const other = await Account.register(server.at);
      const socket = await other.connect();
      await ask(socket, 'joinRoom', roomId);
      await ask(socket, 'sendMessage', { roomId, text: 'before' });
      await eventually('the client is live', () => shown.length === 1);

      await cutOff();
      for (const n of [1, 2, 3]) room.send(`kept ${n}`);
      for (let n = 1; n <= MISSED; n += 1) {
        await ask(socket, 'sendMessage', { roomId, text: `missed ${n}` });
      }
      expect(shown).toHaveLength(1);
      await link.restore();

      await eventually('it holds everything', () => shown.length >= MISSED + 4, 60_000);
      const history = await account.history(roomId);
      expect(shown).toEqual(history);
      expect(history.filter(({ text }) => text.startsWith('kept')).map(({ text }) => text)).toEqual(
        ['kept 1', 'kept 2', 'kept 3'],
      );
      const window = room.getSnapshot().messages;
      expect(window).toEqual(history.slice(-window.length));
      await eventually('nothing is left to send', () => room.getSnapshot().pending.length === 0);
      client.close();
      other.close();
    },
    120_000,
  );
});
