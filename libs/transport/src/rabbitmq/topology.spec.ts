import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/contracts';
import { RabbitMqServer } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { connect } from 'amqplib';
import { z } from 'zod';
import { declareTopology } from './topology.ts';

jest.setTimeout(60_000);

const Queues = z.array(z.object({ name: z.string(), policy: z.string() }));
const Policies = z.array(z.object({ name: z.string(), definition: z.string() }));

describeWith('rabbitmq-server', 'the queues', () => {
  let broker: RabbitMqServer;
  beforeAll(async () => {
    broker = await RabbitMqServer.start();
  });
  afterAll(() => broker.close());

  async function listed(...what: string[]): Promise<unknown> {
    return JSON.parse(await broker.control('--formatter=json', ...what));
  }

  it('deliver again for longer than any outage of the store, by the policy of the containers', async () => {
    const connection = await connect(broker.url);
    await declareTopology(await connection.createChannel());
    await connection.close();
    const policies = Policies.parse(await listed('list_policies'));
    const queues = Queues.parse(await listed('list_queues', 'name', 'policy'));
    expect(queues).toHaveLength(PARTITION_COUNT + 1);
    for (const queue of queues) {
      const policy = policies.find(({ name }) => name === queue.policy);
      expect(JSON.parse(policy?.definition ?? '{}')).toEqual({ 'delivery-limit': 1_000_000 });
    }
  });
});
