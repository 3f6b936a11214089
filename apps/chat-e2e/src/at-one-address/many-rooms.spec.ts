import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChatClient } from '@chat/client';
import { MAX_JOIN_CHANGES } from '@chat/contracts';
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
const FEW = 20;
/** More than the answer to a join holds. */
const MANY = MAX_JOIN_CHANGES + 10;

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

  /** Few messages in every second room, many in the others. */
  const missedIn = (roomId: string): string[] => {
    const length = roomIds.indexOf(roomId) % 2 === 0 ? FEW : MANY;
    return Array.from({ length }, (_, n) => `missed ${n + 1}`);
  };
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

  it('shows all messages that it missed in each room, in order', async () => {
    const client = await signIn(link.url);
    const rooms = roomIds.map((roomId) => client.room(roomId));
    await Promise.all(rooms.map((room) => room.open()));
    await link.cut();
    await Promise.all(
      makers.map(async (maker, index) => {
        const socket = await maker.connect();
        for (const roomId of roomIds.slice(index * ROOMS_EACH, (index + 1) * ROOMS_EACH)) {
          await ask(socket, 'joinRoom', roomId);
          const texts = missedIn(roomId);
          await Promise.all(texts.map((text) => ask(socket, 'sendMessage', { roomId, text })));
        }
      }),
    );
    await link.restore();
    const windows = () => rooms.map((room) => room.getSnapshot().messages);
    await eventually(
      'it holds the newest of each room',
      () =>
        windows().every(
          (messages, n) => messages.at(-1)?.text === missedIn(roomIds[n] ?? '').at(-1),
        ),
      30_000,
    );
    for (const [n, messages] of windows().entries()) {
      const texts = missedIn(roomIds[n] ?? '');
      expect(messages.slice(-texts.length).map(({ text }) => text)).toEqual(texts);
      const first = messages[0]?.seq ?? 0;
      expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, n) => first + n));
    }
  });
});
