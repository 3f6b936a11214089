import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { ServicesTopology, sharedServers, until } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { io, type Socket } from 'socket.io-client';
import { Account } from '../support/account.ts';
import { singleOrigin } from '../support/addresses.ts';

const ORIGIN = 'http://localhost';
const INSTANCES = 3;
const MIN_CLIENTS = 9;

await describeWithServices('the older public client with three chat instances', () => {
  let topology: ServicesTopology;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    topology = await ServicesTopology.start({ servers: await sharedServers(), chat: INSTANCES });
  }, 90_000);
  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await topology.close();
  });

  function connect(token: string, username: string, transports?: string[]) {
    const socket = io(topology.gatewayUrl, {
      auth: { token, username },
      extraHeaders: { origin: ORIGIN },
      forceNew: true,
      ...(transports && { transports }),
    });
    sockets.push(socket);
    const shown: string[] = [];
    socket.on('connect', () => socket.emit('joinRoom', 'general'));
    socket.on('receiveMessage', ({ text }: Message) => shown.push(text));
    return { socket, shown };
  }

  it.each([
    ['polling first', undefined],
    ['polling only', ['polling']],
  ])(
    'shows the messages of all instances in one order with %s',
    async (_how, transports) => {
      const accounts: Account[] = [];
      const pages: ReturnType<typeof connect>[] = [];
      const instances = new Set<string | undefined>();
      // The gateway still counts sockets of the previous test: few clients may share an instance.
      while (pages.length < MIN_CLIENTS || instances.size < INSTANCES) {
        const account = await Account.register(singleOrigin(topology.gatewayUrl));
        const page = connect(account.token, account.username, transports);
        await until('the client is connected', () => page.socket.connected);
        accounts.push(account);
        pages.push(page);
        instances.add(page.socket.io.engine.id.split('.')[0]);
      }
      // Their joins are not acknowledged; a client that receives its own message has joined.
      for (const [index, page] of pages.entries()) {
        const text = `here ${index}`;
        page.socket.emit('sendMessage', { roomId: 'general', text });
        await until(`client ${index} has joined`, () => page.shown.includes(text));
      }
      const expected = accounts.map(({ username }) => `hello from ${username}`);
      for (const [index, { socket }] of pages.entries()) {
        socket.emit('sendMessage', {
          roomId: 'general',
          userId: accounts[index]?.id,
          username: accounts[index]?.username,
          text: expected[index],
          timestamp: new Date().toISOString(),
        });
      }
      const shownTexts = pages.map(
        ({ shown }) =>
          () =>
            shown.filter((text) => expected.includes(text)),
      );
      await until('every client shows every message', () =>
        shownTexts.every((texts) => texts().length === pages.length),
      );
      for (const texts of shownTexts) expect(texts()).toEqual(shownTexts[0]?.());
    },
    60_000,
  );
});
