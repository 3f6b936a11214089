import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RoomSummary } from '@chat/contracts';
import { PARTITION_COUNT, partitionOf } from '@chat/messages/commands';
import { ServicesTopology, sharedServers, until, type ServiceInstance } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { TestUser } from '../support/test-user.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { singleOrigin } from '../support/addresses.ts';
import { metric } from '../support/metrics.ts';

await describeWithServices('two instances of the messages service', () => {
  let topology: ServicesTopology;
  let first: ServiceInstance;
  let second: ServiceInstance;
  beforeAll(async () => {
    topology = await ServicesTopology.start({ servers: await sharedServers(), messages: 2 });
    [first, second] = topology.instances('messages') as [ServiceInstance, ServiceInstance];
  }, 90_000);
  afterAll(() => topology.close());

  const ownedPartitions = (instance: ServiceInstance) => metric(instance, 'chat_partitions_owned');

  it('create exactly one room, general, when they first start', async () => {
    const user = await TestUser.register(singleOrigin(topology.gatewayUrl));
    const { body } = await user.call<RoomSummary[]>('GET', '/rooms?discover=true');
    expect(body).toMatchObject([{ id: 'general', visibility: 'public', seq: 0, rev: 0 }]);
  });

  it('share the partitions evenly', async () => {
    await until('every partition has one owner, and both instances own a fair share', async () => {
      const shares = [await ownedPartitions(first), await ownedPartitions(second)];
      const total = shares.reduce((sum, share) => sum + share);
      return total === PARTITION_COUNT && shares.every((share) => share >= 6 && share <= 10);
    });
  });

  it('lose no messages when one is killed and the other takes over all partitions', async () => {
    const user = await TestUser.register(singleOrigin(topology.gatewayUrl));
    const socket = await user.connect();
    const rooms = Array.from({ length: PARTITION_COUNT }, (_, n) => roomInPartition(n));
    for (const room of rooms) await emitWithAck(socket, 'joinRoom', room);
    const sendToAll = (text: string) =>
      Promise.all(rooms.map((roomId) => emitWithAck(socket, 'sendMessage', { roomId, text })));
    await sendToAll('before');
    await first.process.kill();
    for (const ack of await sendToAll('during the takeover')) expect(ack.ok).toBe(true);
    await Promise.all(rooms.map((room) => user.waitForSeq(room, 2)));
    expect(await ownedPartitions(second)).toBe(PARTITION_COUNT);
    await first.process.start();
    await sendToAll('after');
    for (const room of rooms) {
      const history = await user.history(room, 3);
      expect(history.map(({ seq, text }) => [seq, text])).toEqual([
        [1, 'before'],
        [2, 'during the takeover'],
        [3, 'after'],
      ]);
    }
    user.close();
  }, 60_000);
});

/** Returns the id of a public room that belongs to the given partition. */
function roomInPartition(partition: number): string {
  for (let n = 0; ; n += 1) if (partitionOf(`room-${n}`) === partition) return `room-${n}`;
}
