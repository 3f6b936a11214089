import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { PARTITION_COUNT, partitionOf } from '@chat/contracts';
import { eventually, Link, sharedRabbitMq, type SharedRabbitMq } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { connect } from 'amqplib';
import { eventIn } from '../../test/events.ts';
import { InMemoryMessageStore } from '../../test/in-memory-message-store.ts';
import {
  HEARTBEAT_MS,
  startMessages,
  type MessagesInstance,
} from '../../test/messages-instance.ts';
import { RabbitMqMessagePublisher } from './rabbitmq-message-publisher.ts';
import { INSTANCES_EXCHANGE } from './topology.ts';

/** Over several times as long as it takes to give up, and to come back. */
const LOOKS = 60;
/** A machine that stands still for a moment may have an instance count as gone for as long. */
const MOST_LOOKS = 40;
const ROOMS_OF_A_PARTITION = 2;
/** From one message of a room to the next. */
const PACE_MS = 20;

/** Names of rooms, the same number in every partition. */
function roomsOfTest(test: number): string[] {
  const rooms: string[] = [];
  const counts = Array<number>(PARTITION_COUNT).fill(0);
  for (let n = 0; rooms.length < PARTITION_COUNT * ROOMS_OF_A_PARTITION; n += 1) {
    const room = `room-${test}-${n}`;
    const count = (counts[partitionOf(room)] ?? 0) + 1;
    if (count > ROOMS_OF_A_PARTITION) continue;
    counts[partitionOf(room)] = count;
    rooms.push(room);
  }
  return rooms;
}

describeWith('rabbitmq-server', 'messages instances', () => {
  let broker: SharedRabbitMq;
  let store: InMemoryMessageStore;
  let publisher: RabbitMqMessagePublisher;
  const running: MessagesInstance[] = [];
  let testCount = 0;
  /** Of this test alone: what the one before has stored may be delivered once more. */
  let rooms: string[];

  beforeEach(async () => {
    broker = sharedRabbitMq('partition-sharing');
    testCount += 1;
    rooms = roomsOfTest(testCount);
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

  interface Start {
    readonly port?: number;
    /** Its own way to the store. */
    readonly store?: InMemoryMessageStore;
    readonly heartbeatMs?: number;
  }

  async function start(own: Start = {}): Promise<MessagesInstance> {
    const url = broker.url.replace(`:${broker.port}`, `:${own.port ?? broker.port}`);
    const { heartbeatMs = HEARTBEAT_MS } = own;
    const instance = await startMessages(url, own.store ?? store, { heartbeatMs });
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
          await delay(PACE_MS);
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

  it('own 8 distinct partitions each when there are two', async () => {
    const [first, second] = [await start(), await start()];
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const owned = [...first.server.ownedPartitions, ...second.server.ownedPartitions];
    expect(new Set(owned).size).toBe(16);
  });

  it('store every room in order while instances start and stop', async () => {
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

  it('take over the partitions of an instance whose heartbeats stop', async () => {
    const link = await Link.to(broker.port);
    await start();
    const lost = await start({ port: link.port });
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const sent = await sendWhile(
      (async () => {
        await underWay();
        await link.cut();
        running.splice(running.indexOf(lost), 1);
        await eventually(() => expect(shares()).toEqual([16]));
        await underWay();
      })(),
    );
    await expectStored(sent);
    await lost.app.close();
  });

  it('store every room in order when an instance reconnects with undelivered acknowledgements', async () => {
    const link = await Link.to(broker.port);
    await start();
    await start({ port: link.port });
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

  it('take over from an instance that shuts down before its heartbeats time out', async () => {
    // Missed after 12 s, which is longer than anything here is waited for.
    const heartbeatMs = 4_000;
    const [, leaving] = [await start({ heartbeatMs }), await start({ heartbeatMs })];
    await eventually(() => expect(shares()).toEqual([8, 8]));
    running.splice(running.indexOf(leaving), 1);
    const closed = leaving.app.close();
    await eventually(() => expect(shares()).toEqual([16]));
    await closed;
  });

  it('read the head of a room again after another writer has stored in it', async () => {
    await start();
    const [room = ''] = rooms;
    const [first, second, foreign] = [eventIn(room), eventIn(room), eventIn(room)];
    await publisher.publish(first);
    await eventually(() => expect(store.of(room)).toHaveLength(1));
    store.add({ ...foreign, seq: 2, rev: 2 });
    await publisher.publish(second);
    await eventually(() => {
      const ids = store.of(room).map(({ id }) => id);
      expect(ids).toEqual([first.id, foreign.id, second.id]);
    });
  });

  it('store nothing while the store is unavailable, and everything in order afterwards', async () => {
    await start();
    store.away = true;
    // More often than all partitions try before they are given up: they were opened again.
    const tried = eventually(() => expect(store.failures).toBeGreaterThan(PARTITION_COUNT * 8));
    const sent = await sendWhile(tried);
    expect(store.messages).toHaveLength(0);
    store.away = false;
    await expectStored(sent);
  });

  it('release partitions while only they cannot reach the store, and regain them afterwards', async () => {
    const way = new InMemoryMessageStore(store);
    await start();
    await start({ store: way });
    await eventually(() => expect(shares()).toEqual([8, 8]));
    way.away = true;
    const sent = await sendWhile(
      (async () => {
        await eventually(() => expect(shares()).toEqual([16, 0]));
        await underWay();
        await underWay();
      })(),
    );
    await expectStored(sent);
    await eventually(() => expect(shares()).toEqual([16, 0]));
    way.away = false;
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('all own every partition while none reaches the store, until the first of them does', async () => {
    const ways = [store, store].map((same) => new InMemoryMessageStore(same));
    const [first, second] = ways as [InMemoryMessageStore, InMemoryMessageStore];
    await start({ store: first });
    await start({ store: second });
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

  it('keep their shares while the store refuses writes of one room only', async () => {
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

  it('receive heartbeats again after their exchange was deleted and declared again', async () => {
    await start();
    await start();
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    await channel.deleteExchange(INSTANCES_EXCHANGE);
    await channel.assertExchange(INSTANCES_EXCHANGE, 'fanout', { durable: true });
    await connection.close();
    await start();
    await eventually(() => expect([...shares()].sort()).toEqual([5, 5, 6]));
  });

  it('store each message once and in order when one instance replaces another', async () => {
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
