import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/contracts';
import { ServicesTopology, type ServiceInstance } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { Account } from '../support/account.ts';
import { ask } from '../support/ask.ts';
import { oneAddress } from '../support/chat-under-test.ts';
import { eventually } from '../support/eventually.ts';
import { metric } from '../support/metrics.ts';

await describeWithServices('two instances of messages', () => {
  let topology: ServicesTopology;
  let first: ServiceInstance;
  let second: ServiceInstance;
  beforeAll(async () => {
    topology = await ServicesTopology.start({ messages: 2 });
    [first, second] = topology.instances('messages') as [ServiceInstance, ServiceInstance];
  }, 90_000);
  afterAll(() => topology.close());

  const owned = (instance: ServiceInstance) => metric(instance, 'chat_partitions_owned');

  it('share the partitions evenly', async () => {
    await eventually('every partition is owned once', async () => {
      return (await owned(first)) + (await owned(second)) === PARTITION_COUNT;
    });
    for (const instance of [first, second]) {
      expect(await owned(instance)).toBeGreaterThanOrEqual(6);
      expect(await owned(instance)).toBeLessThanOrEqual(10);
    }
  });

  it('take over from each other within seconds, and lose nothing', async () => {
    const account = await Account.register(oneAddress(topology.gatewayUrl));
    const socket = await account.connect();
    const rooms = Array.from({ length: 12 }, (_, n) => `room-${n}`);
    for (const room of rooms) await ask(socket, 'joinRoom', room);
    const say = (text: string) =>
      Promise.all(rooms.map((roomId) => ask(socket, 'sendMessage', { roomId, text })));
    await say('before');
    await first.process.kill();
    for (const answer of await say('meanwhile')) expect(answer.ok).toBe(true);
    await Promise.all(rooms.map((room) => account.stored(room, 2)));
    expect(await owned(second)).toBe(PARTITION_COUNT);
    await first.process.start();
    await say('after');
    for (const room of rooms) {
      const history = await account.history(room, 3);
      expect(history.map(({ seq, text }) => [seq, text])).toEqual([
        [1, 'before'],
        [2, 'meanwhile'],
        [3, 'after'],
      ]);
    }
    account.close();
  }, 60_000);
});
