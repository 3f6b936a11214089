import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { eventually, Link, RabbitMqServer } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { connect } from 'amqplib';
import { eventIn } from '../../test/events.ts';
import { InMemoryMessageStore } from '../../test/in-memory-message-store.ts';
import {
  GIVE_UP_MS,
  HEARTBEAT_MS,
  startMessages,
  type MessagesInstance,
} from '../../test/messages-instance.ts';
import { RabbitMqMessagePublisher } from './rabbitmq-message-publisher.ts';
import { INSTANCES_EXCHANGE } from './topology.ts';

/** Over several times as long as it takes to give up, and to come back. */
const LOOKS = 100;
/** A machine that stands still for a moment may have an instance count as gone for as long. */
const MOST_LOOKS = 70;
/** Enough to have some in every partition. */
const ROOM_COUNT = 64;

describeWith('rabbitmq-server', 'instances that share the partitions', () => {
  let broker: RabbitMqServer;
  let store: InMemoryMessageStore;
  let publisher: RabbitMqMessagePublisher;
  const running: MessagesInstance[] = [];
  let testCount = 0;
  /** Of this test alone: what the one before has stored may be delivered once more. */
  let rooms: string[];

  beforeAll(async () => {
    broker = await RabbitMqServer.start();
  }, 60_000);
  afterAll(() => broker.close());

  beforeEach(async () => {
    testCount += 1;
    rooms = Array.from({ length: ROOM_COUNT }, (_, index) => `room-${testCount}-${index}`);
    store = new InMemoryMessageStore();
    publisher = new RabbitMqMessagePublisher({
      url: broker.url,
      heartbeatSeconds: 1,
      name: 'chat',
      publishTimeoutMs: 2_000,
    });
    await eventually(() => publisher.check());
  });
  afterEach(async () => {
    await publisher.onApplicationShutdown();
    await Promise.all(running.splice(0).map(({ app }) => app.close()));
  });

  /** @param own its way to the store, when that is not everybody's */
  async function start(port = broker.port, own = store): Promise<MessagesInstance> {
    const instance = await startMessages(broker.url.replace(`:${broker.port}`, `:${port}`), own);
    running.push(instance);
    return instance;
  }

  const shares = () => running.map(({ server }) => server.ownedPartitions.length);

  /** Sends to every room until `done` resolves, each message after the one before it; gives their ids by room. */
  async function sendWhile(done: Promise<unknown>): Promise<Map<string, string[]>> {
    let running = true;
    void done.finally(() => (running = false));
    const sent = new Map<string, string[]>();
    await Promise.all(
      rooms.map(async (roomId) => {
        const ids: string[] = [];
        sent.set(roomId, ids);
        while (running) {
          const event = eventIn(roomId);
          await publisher.publish(event);
          ids.push(event.id);
          await delay(10);
        }
      }),
    );
    await done;
    return sent;
  }

  /** Resolves once every room has a message more than now: those who send and those who store are at work. */
  async function underWay(): Promise<void> {
    const counts = rooms.map((roomId) => store.of(roomId).length);
    await eventually(() => {
      for (const [index, roomId] of rooms.entries()) {
        expect(store.of(roomId).length).toBeGreaterThan(counts[index] ?? 0);
      }
    });
  }

  /** How many of {@link LOOKS} find these shares. */
  async function looksAt(expected: number[]): Promise<number> {
    let found = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      if (shares().join() === expected.join()) found += 1;
      await delay(HEARTBEAT_MS / 10);
    }
    return found;
  }

  /** Exactly what was sent, once, in order and without gaps. */
  async function expectStored(sent: Map<string, string[]>): Promise<void> {
    await eventually(() => {
      for (const [roomId, ids] of sent) {
        expect(store.of(roomId).map(({ id }) => id)).toEqual(ids);
        expect(store.of(roomId).map(({ seq }) => seq)).toEqual(ids.map((_, index) => index + 1));
      }
    });
  }

  it('own eight each when they are two', async () => {
    const [first, second] = [await start(), await start()];
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const owned = [...first.server.ownedPartitions, ...second.server.ownedPartitions];
    expect(new Set(owned).size).toBe(16);
  });

  it('keep every room in order while they come and go', async () => {
    await start();
    const sent = await sendWhile(
      (async () => {
        await eventually(() => expect(shares()).toEqual([16]));
        const second = await start();
        await eventually(() => expect(shares()).toEqual([8, 8]));
        await start();
        await eventually(() => expect([...shares()].sort()).toEqual([5, 5, 6]));
        await second.app.close();
        running.splice(running.indexOf(second), 1);
        await eventually(() => expect(shares()).toEqual([8, 8]));
      })(),
    );
    await expectStored(sent);
  });

  it('take over within seconds from one that is gone without a word', async () => {
    const link = await Link.to(broker.port);
    await start();
    const lost = await start(link.port);
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const sent = await sendWhile(
      (async () => {
        await underWay();
        await link.cut();
        running.splice(running.indexOf(lost), 1);
        const began = Date.now();
        await eventually(() => expect(shares()).toEqual([16]));
        expect(Date.now() - began).toBeLessThan(3_000);
        await underWay();
      })(),
    );
    await expectStored(sent);
    await lost.app.close();
  });

  it('keep every room in order when one is cut off and comes back with what it had in hand', async () => {
    const link = await Link.to(broker.port);
    await start();
    await start(link.port);
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const sent = await sendWhile(
      (async () => {
        await underWay();
        link.swallow();
        await eventually(() => expect(shares()[0]).toBe(16));
        await underWay();
        await link.restore();
        await eventually(() => expect(shares()).toEqual([8, 8]));
        await underWay();
      })(),
    );
    await expectStored(sent);
    await Promise.all(running.splice(0).map(({ app }) => app.close()));
    await link.cut();
  });

  it('take over at once from one that stops', async () => {
    const [, leaving] = [await start(), await start()];
    await eventually(() => expect(shares()).toEqual([8, 8]));
    running.splice(running.indexOf(leaving), 1);
    const began = Date.now();
    const closed = leaving.app.close();
    await eventually(() => expect(shares()).toEqual([16]));
    expect(Date.now() - began).toBeLessThan(HEARTBEAT_MS * 3);
    await closed;
  });

  it('take over afresh when another writer was there', async () => {
    await start();
    const [room = ''] = rooms;
    const [first, second, foreign] = [eventIn(room), eventIn(room), eventIn(room)];
    await publisher.publish(first);
    await eventually(() => expect(store.of(room)).toHaveLength(1));
    store.messages.push({ ...foreign, seq: 2, rev: 2 });
    await publisher.publish(second);
    await eventually(() => {
      const ids = store.of(room).map(({ id }) => id);
      expect(ids).toEqual([first.id, foreign.id, second.id]);
    });
  });

  it('keep what comes while the store is away, and store it in order when it is back', async () => {
    await start();
    store.away = true;
    const sent = await sendWhile(delay(GIVE_UP_MS * 4));
    expect(store.messages).toHaveLength(0);
    store.away = false;
    await expectStored(sent);
  });

  it('leave to others what they cannot store, and come back when their own way to the store does', async () => {
    const way = new InMemoryMessageStore(store.messages);
    await start();
    await start(broker.port, way);
    await eventually(() => expect(shares()).toEqual([8, 8]));
    way.away = true;
    const sent = await sendWhile(
      (async () => {
        await eventually(() => expect(shares()).toEqual([16, 0]));
        await delay(GIVE_UP_MS * 2);
      })(),
    );
    await expectStored(sent);
    await eventually(() => expect(shares()).toEqual([16, 0]));
    way.away = false;
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('keep every partition while nobody reaches the store, and go to whoever reaches it first', async () => {
    const ways = [store.messages, store.messages].map((same) => new InMemoryMessageStore(same));
    const [first, second] = ways as [InMemoryMessageStore, InMemoryMessageStore];
    await start(broker.port, first);
    await start(broker.port, second);
    await eventually(() => expect(shares()).toEqual([8, 8]));
    first.away = true;
    second.away = true;
    const looks = eventually(() => expect(shares()).toEqual([16, 16])).then(() =>
      looksAt([16, 16]),
    );
    const sent = await sendWhile(looks);
    expect(await looks).toBeGreaterThan(MOST_LOOKS);
    second.away = false;
    await eventually(() => expect(shares()).toEqual([0, 16]));
    await expectStored(sent);
    first.away = false;
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('stay where they are when something cannot be stored although the store answers', async () => {
    await start();
    await start();
    await eventually(() => expect(shares()).toEqual([8, 8]));
    store.refused = rooms[0];
    const looks = looksAt([8, 8]);
    const sent = await sendWhile(looks);
    expect(await looks).toBeGreaterThan(MOST_LOOKS);
    store.refused = undefined;
    await expectStored(sent);
  });

  it('hear each other again when the exchange of their heartbeats was lost', async () => {
    await start();
    await start();
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    await channel.deleteExchange(INSTANCES_EXCHANGE);
    await channel.assertExchange(INSTANCES_EXCHANGE, 'fanout', { durable: true });
    await connection.close();
    await delay(HEARTBEAT_MS * 6);
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('store what they have in hand before they stop', async () => {
    const instance = await start();
    await eventually(() => expect(shares()).toEqual([16]));
    const sent = await sendWhile(
      (async () => {
        await underWay();
        await instance.app.close();
        running.pop();
      })(),
    );
    await start();
    await expectStored(sent);
  });
});
