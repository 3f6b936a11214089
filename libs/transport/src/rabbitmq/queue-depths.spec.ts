import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/contracts';
import { eventually, RabbitMqServer } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import type { ChannelModel } from 'amqplib';
import { BrokerConnection } from './broker-connection.ts';
import { publishConfirmed } from './publish-confirmed.ts';
import { QueueDepths } from './queue-depths.ts';
import { declareTopology, EVENTS_EXCHANGE, routingKeyOf } from './topology.ts';

jest.setTimeout(60_000);
Logger.overrideLogger(false);

describeWith('rabbitmq-server', 'the depths of the queues', () => {
  let broker: RabbitMqServer;
  let connection: BrokerConnection;
  let model: ChannelModel;
  let depths: QueueDepths;
  const empty = Array.from({ length: PARTITION_COUNT }, () => 0);

  beforeAll(async () => {
    broker = await RabbitMqServer.start();
    connection = new BrokerConnection({ url: broker.url, heartbeatSeconds: 10, name: 'a test' });
    depths = new QueueDepths(connection);
    const connected = await connection.connected(AbortSignal.timeout(10_000));
    if (!connected) throw new Error('the broker was not reached');
    model = connected;
    const channel = await model.createChannel();
    await declareTopology(channel);
    await channel.close();
  });
  afterAll(async () => {
    await connection.close();
    await broker.close();
  });

  it('are those of all partitions', async () => {
    const channel = await model.createConfirmChannel();
    expect(await depths.read()).toEqual(empty);
    await publishConfirmed(channel, EVENTS_EXCHANGE, routingKeyOf(3), Buffer.from('{}'), {});
    await channel.close();
    await eventually(async () => expect(await depths.read()).toEqual(empty.with(3, 1)));
  });

  it('are waited for for a second when the broker is frozen, on one channel for all who ask', async () => {
    const opened = jest.spyOn(model, 'createChannel');
    await broker.process.freeze();
    const began = performance.now();
    const answers = await Promise.allSettled([depths.read(), depths.read(), depths.read()]);
    expect(answers.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    expect(performance.now() - began).toBeLessThan(1_500);
    await expect(depths.read()).rejects.toThrow('no answer in time');
    expect(opened).toHaveBeenCalledTimes(1);
    broker.process.thaw();
    await eventually(async () => expect(await depths.read()).toHaveLength(PARTITION_COUNT));
  });
});
