import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChatClient, type RoomConversation } from '@chat/client';
import { PASSWORD, ServicesTopology, sharedServers, until } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { TestUser } from '../support/test-user.ts';
import { singleOrigin } from '../support/addresses.ts';

const CLIENTS = 4;
const SEND_EVERY_MS = 100;
const READ_EVERY_MS = 200;
const CHANGE_EVERY_MS = 2_000;
const MAX_DELAY_MS = 5_000;

await describeWithServices('a rolling restart of every service', () => {
  let topology: ServicesTopology;
  const clients: ChatClient[] = [];
  beforeAll(async () => {
    topology = await ServicesTopology.start({
      servers: await sharedServers(),
      users: 2,
      messages: 2,
      chat: 2,
      gateway: 2,
    });
  }, 90_000);
  afterAll(async () => {
    for (const client of clients) client.close();
    await topology.close();
  });

  async function signIn(email: string): Promise<ChatClient> {
    const client = new ChatClient({ url: topology.gatewayUrl });
    clients.push(client);
    await client.session.login({ email, password: PASSWORD });
    return client;
  }

  async function openRoom(
    roomId: string,
  ): Promise<{ email: string; client: ChatClient; room: RoomConversation }> {
    const { email } = await TestUser.register(singleOrigin(topology.gatewayUrl));
    const client = await signIn(email);
    const room = client.room(roomId);
    await room.open();
    return { email, client, room };
  }

  it('fails no request and delivers every message to all clients within 5 s', async () => {
    const users = await Promise.all(Array.from({ length: CLIENTS }, () => openRoom('restarted')));
    const sentAt = new Map<string, number>();
    const delays: number[] = [];
    const received = users.map(() => new Set<string>());
    for (const [index, { room }] of users.entries()) {
      room.on('message', ({ clientMessageId = '' }) => {
        const sentTime = sentAt.get(clientMessageId);
        if (sentTime !== undefined) delays.push(performance.now() - sentTime);
        received[index]?.add(clientMessageId);
      });
    }
    let running = true;
    const readFailures: unknown[] = [];
    const changeFailures: unknown[] = [];
    const sending = users.map(async ({ room }) => {
      while (running) {
        const { clientMessageId } = room.send(`message ${sentAt.size}`);
        sentAt.set(clientMessageId, performance.now());
        await delay(SEND_EVERY_MS);
      }
    });
    const reading = users.map(async ({ client }) => {
      while (running) {
        const reads = [
          client.rest.history('restarted', { limit: 50 }),
          client.rest.rooms(),
          client.rest.me(),
        ];
        for (const outcome of await Promise.allSettled<unknown>(reads)) {
          if (outcome.status === 'rejected') readFailures.push(outcome.reason);
        }
        await delay(READ_EVERY_MS);
      }
    });

    // The client does not retry changes: they must succeed on the first attempt.
    const changing = users.map(async ({ email, client }) => {
      while (running) {
        try {
          (await signIn(email)).close();
          await client.session.refresh(await client.session.accessToken());
          await client.rest.createRoom({ name: 'Created during restart', visibility: 'private' });
        } catch (error) {
          changeFailures.push(error);
        }
        await delay(CHANGE_EVERY_MS);
      }
    });

    const allOnline = () => Promise.all(users.map(({ client }) => client.connection.whenOnline()));
    await delay(1_000);
    for (const service of ['users', 'messages', 'chat'] as const) {
      for (const { process } of topology.instances(service)) {
        await process.stop();
        await process.start();
        await allOnline();
      }
    }
    for (const old of topology.instances('gateway')) {
      await topology.addGateway();
      await allOnline();
      await old.process.stop();
    }
    await delay(1_000);
    running = false;
    await Promise.all([...sending, ...reading, ...changing]);

    await until('every client receives every message', () =>
      received.every((messages) => messages.size >= sentAt.size),
    );
    expect(readFailures).toEqual([]);
    expect(changeFailures).toEqual([]);
    for (const { room } of users) expect(room.getSnapshot().pending).toEqual([]);
    const [first] = users;
    const history = await first?.client.rest.history('restarted', { limit: 1 });
    expect(history?.messages.at(-1)?.seq).toBe(sentAt.size);
    expect(delays).toHaveLength(sentAt.size * CLIENTS);
    expect(Math.max(...delays)).toBeLessThan(MAX_DELAY_MS);
  }, 180_000);
});
