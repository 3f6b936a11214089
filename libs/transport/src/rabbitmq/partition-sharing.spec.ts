import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { PARTITION_COUNT, partitionOf } from '@chat/messages/commands';
import { eventually, FaultProxy, sharedRabbitMq, type SharedRabbitMq } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
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

/** Number of share samples; they span several times the duration of a release and a takeover. */
const SAMPLES = 60;
/** Minimum number of matching samples: if the machine stalls, an instance may miss heartbeats. */
const MIN_MATCHES = 40;
const ROOMS_PER_PARTITION = 2;
/** Pause between two messages to a room. */
const SEND_INTERVAL_MS = 20;

/** Returns names of rooms that no other test uses, the same number for every partition. */
function roomsForTest(test: number): string[] {
  const rooms: string[] = [];
  const counts = Array<number>(PARTITION_COUNT).fill(0);
  for (let n = 0; rooms.length < PARTITION_COUNT * ROOMS_PER_PARTITION; n += 1) {
    const room = `room-${test}-${n}`;
    const count = (counts[partitionOf(room)] ?? 0) + 1;
    if (count > ROOMS_PER_PARTITION) continue;
    counts[partitionOf(room)] = count;
    rooms.push(room);
  }
  return rooms;
}

describeWithProgram('rabbitmq-server', 'instances of the messages service', () => {
  let broker: SharedRabbitMq;
  let store: InMemoryMessageStore;
  let publisher: RabbitMqMessagePublisher;
  const running: MessagesInstance[] = [];
  let testCount = 0;
  /** Used by this test only: messages from the previous test may be redelivered. */
  let rooms: string[];

  beforeEach(async () => {
    broker = sharedRabbitMq('partition-sharing');
    testCount += 1;
    rooms = roomsForTest(testCount);
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

  interface StartOptions {
    readonly port?: number;
    /** A separate handle to the store. */
    readonly store?: InMemoryMessageStore;
    readonly heartbeatMs?: number;
  }

  async function start(options: StartOptions = {}): Promise<MessagesInstance> {
    const url = broker.url.replace(`:${broker.port}`, `:${options.port ?? broker.port}`);
    const { heartbeatMs = HEARTBEAT_MS } = options;
    const instance = await startMessages(url, options.store ?? store, { heartbeatMs });
    running.push(instance);
    return instance;
  }

  const shares = () => running.map(({ server }) => server.ownedPartitions.length);

  /** Sends to every room, one message at a time, until `done` resolves; returns the ids by room. */
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
          await delay(SEND_INTERVAL_MS);
        }
      }),
    );
    await done;
    return sent;
  }

  /** Resolves once every room has a new message, so that senders and writers are running. */
  async function waitForProgress(): Promise<void> {
    const counts = rooms.map((roomId) => store.of(roomId).length);
    await eventually(() => {
      for (const [index, roomId] of rooms.entries()) {
        expect(store.of(roomId).length).toBeGreaterThan(counts[index] ?? 0);
      }
    });
  }

  /** Returns how many of {@link SAMPLES} samples match the expected shares. */
  async function countMatches(expected: number[]): Promise<number> {
    let matches = 0;
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      if (shares().join() === expected.join()) matches += 1;
      await delay(HEARTBEAT_MS / 10);
    }
    return matches;
  }

  /** Expects each room to contain exactly the messages sent to it, once, in order, without gaps. */
  async function expectStored(sent: Map<string, string[]>): Promise<void> {
    await eventually(() => {
      for (const [roomId, ids] of sent) {
        expect(store.of(roomId).map(({ id }) => id)).toEqual(ids);
        expect(store.of(roomId).map(({ seq }) => seq)).toEqual(ids.map((_, index) => index + 1));
      }
    });
  }

  it('each own 8 distinct partitions when there are two', async () => {
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
    const proxy = await FaultProxy.to(broker.port);
    await start();
    const lost = await start({ port: proxy.port });
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const sent = await sendWhile(
      (async () => {
        await waitForProgress();
        await proxy.disconnect();
        running.splice(running.indexOf(lost), 1);
        await eventually(() => expect(shares()).toEqual([16]));
        await waitForProgress();
      })(),
    );
    await expectStored(sent);
    await lost.app.close();
  });

  it('store every room in order when an instance reconnects with undelivered acknowledgements', async () => {
    const proxy = await FaultProxy.to(broker.port);
    await start();
    await start({ port: proxy.port });
    await eventually(() => expect(shares()).toEqual([8, 8]));
    const sent = await sendWhile(
      (async () => {
        await waitForProgress();
        proxy.blackhole();
        await eventually(() => expect(shares()[0]).toBe(16));
        await waitForProgress();
        await proxy.restore();
        await eventually(() => expect(shares()).toEqual([8, 8]));
        await waitForProgress();
      })(),
    );
    await expectStored(sent);
    await Promise.all(running.splice(0).map(({ app }) => app.close()));
    await proxy.disconnect();
  });

  it('take over from an instance that shuts down before its heartbeats time out', async () => {
    // The heartbeat timeout is 12 s, longer than any wait in this test.
    const heartbeatMs = 4_000;
    const [, leaving] = [await start({ heartbeatMs }), await start({ heartbeatMs })];
    await eventually(() => expect(shares()).toEqual([8, 8]));
    running.splice(running.indexOf(leaving), 1);
    const closed = leaving.app.close();
    await eventually(() => expect(shares()).toEqual([16]));
    await closed;
  });

  it('reload the head of a room after another writer has appended to it', async () => {
    await start();
    const [room = ''] = rooms;
    const [first, second, external] = [eventIn(room), eventIn(room), eventIn(room)];
    await publisher.publish(first);
    await eventually(() => expect(store.of(room)).toHaveLength(1));
    store.add({ ...external, seq: 2, rev: 2 });
    await publisher.publish(second);
    await eventually(() => {
      const ids = store.of(room).map(({ id }) => id);
      expect(ids).toEqual([first.id, external.id, second.id]);
    });
  });

  it('store nothing while the store is unavailable, and everything in order afterwards', async () => {
    await start();
    store.unavailable = true;
    // More failures than it takes for every partition to be given up, so all have been reopened.
    const tried = eventually(() => expect(store.failures).toBeGreaterThan(PARTITION_COUNT * 8));
    const sent = await sendWhile(tried);
    expect(store.messages).toHaveLength(0);
    store.unavailable = false;
    await expectStored(sent);
  });

  it('release partitions while only other instances reach the store, and reacquire them later', async () => {
    const handle = new InMemoryMessageStore(store);
    await start();
    await start({ store: handle });
    await eventually(() => expect(shares()).toEqual([8, 8]));
    handle.unavailable = true;
    const sent = await sendWhile(
      (async () => {
        await eventually(() => expect(shares()).toEqual([16, 0]));
        await waitForProgress();
        await waitForProgress();
      })(),
    );
    await expectStored(sent);
    await eventually(() => expect(shares()).toEqual([16, 0]));
    handle.unavailable = false;
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('each own all partitions until one of them can reach the store again', async () => {
    const handles = [store, store].map((same) => new InMemoryMessageStore(same));
    const [first, second] = handles as [InMemoryMessageStore, InMemoryMessageStore];
    await start({ store: first });
    await start({ store: second });
    await eventually(() => expect(shares()).toEqual([8, 8]));
    first.unavailable = true;
    second.unavailable = true;
    const matches = eventually(() => expect(shares()).toEqual([16, 16])).then(() =>
      countMatches([16, 16]),
    );
    const sent = await sendWhile(matches);
    expect(await matches).toBeGreaterThan(MIN_MATCHES);
    second.unavailable = false;
    await eventually(() => expect(shares()).toEqual([0, 16]));
    await expectStored(sent);
    first.unavailable = false;
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('keep their shares while the store rejects writes to one room only', async () => {
    await start();
    await start();
    await eventually(() => expect(shares()).toEqual([8, 8]));
    store.rejectedRoomId = rooms[0];
    const matches = countMatches([8, 8]);
    const sent = await sendWhile(matches);
    expect(await matches).toBeGreaterThan(MIN_MATCHES);
    store.rejectedRoomId = undefined;
    await expectStored(sent);
  });

  it('receive heartbeats again after their exchange was deleted and redeclared', async () => {
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
        await waitForProgress();
        await instance.app.close();
        running.pop();
      })(),
    );
    await start();
    await expectStored(sent);
  });

  it('handle commands only while every one of them announces that it does', async () => {
    const { server } = await start();
    await eventually(() => expect(server.handlesCommands).toBe(true));
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    /** Sends the heartbeat of an instance of an earlier version, which announces no version. */
    const announce = (state: 'here' | 'leaving') =>
      channel.publish(INSTANCES_EXCHANGE, '', Buffer.from(JSON.stringify({ id: 'old', state })));
    try {
      announce('here');
      await eventually(() => expect(server.handlesCommands).toBe(false));
      // It handles deliveries until it has drained.
      announce('leaving');
      await eventually(() => expect(server.handlesCommands).toBe(true));
      announce('leaving');
      await eventually(() => expect(server.handlesCommands).toBe(false));
      await eventually(() => expect(server.handlesCommands).toBe(true));
    } finally {
      await connection.close();
    }
  });
});
