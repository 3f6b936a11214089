import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { ServicesTopology, sharedServers, until } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { io, type Socket } from 'socket.io-client';
import { TestUser } from '../support/test-user.ts';
import { singleOrigin } from '../support/addresses.ts';

const ORIGIN = 'http://localhost';
const INSTANCES = 3;
const MIN_CLIENTS = 9;

await describeWithServices('the legacy client with three chat instances', () => {
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
    const received: string[] = [];
    socket.on('connect', () => socket.emit('joinRoom', 'general'));
    socket.on('receiveMessage', ({ text }: Message) => received.push(text));
    return { socket, received };
  }

  it.each([
    ['polling first', undefined],
    ['polling only', ['polling']],
  ])(
    'receives messages from all instances in the same order with %s',
    async (_how, transports) => {
      const users: TestUser[] = [];
      const clients: ReturnType<typeof connect>[] = [];
      const instances = new Set<string | undefined>();
      // The gateway still counts sockets from the previous test, so a small number of clients may
      // all land on one instance.
      while (clients.length < MIN_CLIENTS || instances.size < INSTANCES) {
        const user = await TestUser.register(singleOrigin(topology.gatewayUrl));
        const client = connect(user.token, user.username, transports);
        await until('the client is connected', () => client.socket.connected);
        users.push(user);
        clients.push(client);
        instances.add(client.socket.io.engine.id.split('.')[0]);
      }
      // The joins are not acknowledged; a client that receives its own message has joined.
      for (const [index, client] of clients.entries()) {
        const text = `here ${index}`;
        client.socket.emit('sendMessage', { roomId: 'general', text });
        await until(`client ${index} has joined`, () => client.received.includes(text));
      }
      const expected = users.map(({ username }) => `hello from ${username}`);
      for (const [index, { socket }] of clients.entries()) {
        socket.emit('sendMessage', {
          roomId: 'general',
          userId: users[index]?.id,
          username: users[index]?.username,
          text: expected[index],
          timestamp: new Date().toISOString(),
        });
      }
      const receivedTexts = clients.map(
        ({ received }) =>
          () =>
            received.filter((text) => expected.includes(text)),
      );
      await until('every client receives every message', () =>
        receivedTexts.every((texts) => texts().length === clients.length),
      );
      for (const texts of receivedTexts) expect(texts()).toEqual(receivedTexts[0]?.());
    },
    60_000,
  );
});
