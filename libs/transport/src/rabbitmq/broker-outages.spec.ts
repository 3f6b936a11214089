import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/messages/commands';
import type { DeletedRooms } from '@chat/messages';
import { eventually, RabbitMqServer } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { eventIn } from '../../test/events.ts';
import { InMemoryMessageStore } from '../../test/in-memory-message-store.ts';
import { startMessages, type MessagesInstance } from '../../test/messages-instance.ts';
import type { DeadLetter } from './dead-letters/dead-letter.ts';
import { DeadLetters } from './dead-letters/dead-letters.ts';
import { RabbitMqMessagePublisher } from './rabbitmq-message-publisher.ts';

jest.setTimeout(60_000);

const ROOMS = ['general', 'random', 'news'];
/** Exceeds the prefetch count of a channel: the last need acknowledgements of the first. */
const WAITING = 1_200;

describeWithProgram('rabbitmq-server', 'the RabbitMQ transport', () => {
  let broker: RabbitMqServer;
  let store: InMemoryMessageStore;
  let publisher: RabbitMqMessagePublisher;
  let running: MessagesInstance[];
  const deletedOf = jest.fn<DeletedRooms['deletedOf']>(() => Promise.resolve(new Set(['gone'])));

  beforeAll(async () => {
    broker = await RabbitMqServer.start();
  });
  afterAll(() => broker.close());

  beforeEach(async () => {
    store = new InMemoryMessageStore();
    publisher = new RabbitMqMessagePublisher({
      url: broker.url,
      heartbeatSeconds: 1,
      name: 'chat',
      publishTimeoutMs: 20_000,
    });
    running = [await start(), await start()];
    await eventually(() => expect(shares()).toEqual([8, 8]));
    await eventually(() => publisher.check());
  });
  afterEach(async () => {
    await endAlarm();
    await publisher.onApplicationShutdown();
    await Promise.all(running.map(({ app }) => app.close()));
  });

  const start = () => startMessages(broker.url, store, { deletedRooms: { deletedOf } });
  const shares = () => running.map(({ server }) => server.ownedPartitions.length);
  const stored = () => new Set(store.messages.map(({ id }) => id));

  let alarmed = false;
  const limitMemory = (limit: string) =>
    broker.control('set_vm_memory_high_watermark', 'absolute', limit);
  async function endAlarm(): Promise<void> {
    if (!alarmed) return;
    await limitMemory('1GB');
    alarmed = false;
  }

  /**
   * Resolves once the broker has blocked every instance's publishing, and the instances miss each
   * other's heartbeats, so that each owns all partitions. Each also owns all of them while none can
   * reach the store, so the shares alone do not indicate the alarm.
   */
  async function raiseAlarm(): Promise<void> {
    alarmed = true;
    await limitMemory('1MB');
    await eventually(async () => {
      const states = (await broker.control('list_connections', 'state')).split('\n');
      const blocked = states.filter((state) => state === 'blocked');
      expect(blocked.length).toBeGreaterThanOrEqual(running.length);
    }, 20_000);
    await eventually(() => expect(shares()).toEqual([PARTITION_COUNT, PARTITION_COUNT]), 20_000);
  }

  /** Publishes to all rooms, one event at a time each, until stopped; collects acknowledged ids. */
  function publishSteadily() {
    const acknowledged: string[] = [];
    let rejected = 0;
    let running = true;
    const publishers = ROOMS.map(async (roomId) => {
      while (running) {
        const event = eventIn(roomId);
        await publisher.publish(event).then(
          () => acknowledged.push(event.id),
          () => (rejected += 1),
        );
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    return {
      acknowledged,
      rejected: () => rejected,
      stop: async () => {
        running = false;
        await Promise.all(publishers);
      },
    };
  }

  it('loses no acknowledged event when the broker is killed and restarted', async () => {
    const load = publishSteadily();
    try {
      await eventually(() => expect(load.acknowledged.length).toBeGreaterThan(100));
      await broker.sync();
      await broker.process.kill();
      const before = load.acknowledged.length;
      await eventually(() => expect(load.rejected()).toBeGreaterThan(10));
      await broker.process.start();
      await eventually(
        () => expect(load.acknowledged.length).toBeGreaterThan(before + 100),
        30_000,
      );
    } finally {
      await load.stop();
    }
    await eventually(() => {
      expect(load.acknowledged.filter((id) => !stored().has(id))).toEqual([]);
    });
    for (const roomId of ROOMS) {
      const seqs = store.of(roomId).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    }
  });

  it('stores and acknowledges all waiting events in order during a memory alarm', async () => {
    store.unavailable = true;
    const events = Array.from({ length: WAITING }, () => eventIn('general'));
    await Promise.all(events.map((event) => publisher.publish(event)));
    await raiseAlarm();
    store.unavailable = false;
    await eventually(() => {
      expect(store.of('general').map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    }, 15_000);
    const [instance] = running as [MessagesInstance];
    const none = Array<number>(PARTITION_COUNT).fill(0);
    await eventually(async () => expect(await instance.server.queueDepths()).toEqual(none));
    await instance.server.check();
  });

  it('gives every instance all partitions during a memory alarm, and an even share afterwards', async () => {
    await raiseAlarm();
    await endAlarm();
    await eventually(() => expect(shares()).toEqual([8, 8]));
  });

  it('retries a dead letter during a memory alarm, and publishes it once after the alarm', async () => {
    store.unavailable = true;
    const [late, next] = [eventIn('gone'), eventIn('news')];
    await publisher.publish(late);
    await publisher.publish(next);
    await raiseAlarm();
    store.unavailable = false;
    await eventually(() => expect(store.of('news').map(({ id }) => id)).toEqual([next.id]));
    // Each attempt fails immediately: a publish to the blocked broker would wait 5 s for its
    // confirm.
    deletedOf.mockClear();
    const retries = () => deletedOf.mock.calls.filter(([ids]) => ids.includes('gone')).length;
    await eventually(() => expect(retries()).toBeGreaterThan(3));
    await endAlarm();
    const fence = eventIn('gone');
    await eventually(() => publisher.publish(fence));
    // The queue is ordered: a second dead letter for the first event would precede the fence.
    const deadLetters = await DeadLetters.open(broker.url);
    await eventually(async () => {
      const letters: DeadLetter[] = [];
      for await (const letter of deadLetters.all()) letters.push(letter);
      expect(letters.map(({ id }) => id)).toEqual([late.id, fence.id]);
    });
    await deadLetters.close();
  });
});
