import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChatClient } from '@chat/client';
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
import { metric } from '../support/metrics.ts';

const MAKERS = 2;
const ROOMS_EACH = 25;

describeChat('ChatClient with 50 rooms', () => {
  let server: ChatUnderTest;
  let account: Account;
  let makers: Account[];
  const roomIds = Array.from({ length: MAKERS * ROOMS_EACH }, (_, n) => `room-${n}`);
  const clients: ChatClient[] = [];
  let link: Link;

  beforeAll(async () => {
    // With the limits that there are by default, but for those of who fills the rooms.
    server = await startChat({ SEND_RATE: '10000', SEND_BURST: '10000' });
    link = await Link.to(Number(new URL(onlyAddress(server)).port));
    account = await Account.register(server.at);
    makers = await Promise.all(
      Array.from({ length: MAKERS }, () => Account.register(server.at, 'maker')),
    );
    await Promise.all(
      makers.map(async (maker, index) => {
        const socket = await maker.connect();
        for (const roomId of roomIds.slice(index * ROOMS_EACH, (index + 1) * ROOMS_EACH)) {
          await ask(socket, 'joinRoom', roomId);
          await ask(socket, 'sendMessage', { roomId, text: 'hello' });
        }
      }),
    );
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    for (const maker of makers) maker.close();
    await link.cut();
    await server.close();
  });

  const signIn = async (url: string): Promise<ChatClient> => {
    const client = new ChatClient({ url });
    clients.push(client);
    await client.session.login({ email: account.email, password: PASSWORD });
    return client;
  };
  const refusals = async (): Promise<number> => {
    const counts = await Promise.all(
      server.processes.map((process) => metric(process, 'chat_refusals_total')),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };

  it('opens every room in two tabs at once without a refused request', async () => {
    await Promise.all(
      [await signIn(onlyAddress(server)), await signIn(onlyAddress(server))].map((client) =>
        Promise.all(roomIds.map((roomId) => client.room(roomId).open())),
      ),
    );
    expect(await refusals()).toBe(0);
  });

  it.each([
    ['20 messages in each', 20],
    ['150 messages in each', 150],
  ])('shows the newest message of every room after missing %s', async (_name, missed) => {
    const client = await signIn(link.url);
    const rooms = roomIds.map((roomId) => client.room(roomId));
    await Promise.all(rooms.map((room) => room.open()));
    await link.cut();
    await Promise.all(
      makers.map(async (maker, index) => {
        const socket = await maker.connect();
        for (const roomId of roomIds.slice(index * ROOMS_EACH, (index + 1) * ROOMS_EACH)) {
          await ask(socket, 'joinRoom', roomId);
          const texts = Array.from({ length: missed }, (_, n) => `missed ${n + 1}`);
          await Promise.all(texts.map((text) => ask(socket, 'sendMessage', { roomId, text })));
        }
      }),
    );
    await link.restore();
    const newest = rooms.map((room) => () => room.getSnapshot().messages.at(-1)?.text);
    await eventually(
      'it holds the newest of each room',
      () => newest.every((text) => text() === `missed ${missed}`),
      30_000,
    );
  });
});
