import { expect, it, jest } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/messages/commands';
import { sharedRabbitMq } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { connect } from 'amqplib';
import { z } from 'zod';
import { declareTopology } from './topology.ts';

jest.setTimeout(60_000);

const Queues = z.array(z.object({ policy: z.string() }));
const Policies = z.array(z.object({ name: z.string(), definition: z.string() }));

describeWithProgram('rabbitmq-server', 'the RabbitMQ topology', () => {
  it('has a delivery limit of 1,000,000 for each queue by the policy in docker/rabbitmq/definitions.json', async () => {
    const broker = sharedRabbitMq('topology');
    const connection = await connect(broker.url);
    await declareTopology(await connection.createChannel());
    await connection.close();
    const list = async (command: string, ...columns: string[]): Promise<unknown> =>
      JSON.parse(
        await broker.control('--formatter=json', command, '-p', broker.virtualHost, ...columns),
      );
    const policies = Policies.parse(await list('list_policies'));
    const queues = Queues.parse(await list('list_queues', 'policy'));
    expect(queues).toHaveLength(PARTITION_COUNT + 1);
    for (const queue of queues) {
      const policy = policies.find(({ name }) => name === queue.policy);
      expect(JSON.parse(policy?.definition ?? '{}')).toEqual({ 'delivery-limit': 1_000_000 });
    }
  });
});
