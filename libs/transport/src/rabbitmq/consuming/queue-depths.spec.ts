import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/messages/commands';
import { eventually, FaultProxy, sharedRabbitMq } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import type { ChannelModel } from 'amqplib';
import { BrokerConnection } from '../connection/broker-connection.ts';
import { publishConfirmed } from '../connection/publish-confirmed.ts';
import { QueueDepths } from './queue-depths.ts';
import { declareTopology, EVENTS_EXCHANGE, routingKeyOf } from '../topology.ts';

jest.setTimeout(60_000);
Logger.overrideLogger(false);

describeWithProgram('rabbitmq-server', 'QueueDepths', () => {
  let proxy: FaultProxy;
  let connection: BrokerConnection;
  let model: ChannelModel;
  let depths: QueueDepths;
  const empty = Array.from({ length: PARTITION_COUNT }, () => 0);

  beforeAll(async () => {
    const broker = sharedRabbitMq('queue-depths');
    proxy = await FaultProxy.to(broker.port);
    const url = broker.url.replace(`:${broker.port}`, `:${proxy.port}`);
    connection = new BrokerConnection({ url, heartbeatSeconds: 10, name: 'a test' });
    depths = new QueueDepths(connection);
    const connected = await connection.waitUntilConnected(AbortSignal.timeout(10_000));
    if (!connected) throw new Error('the broker is unreachable');
    model = connected;
    const channel = await model.createChannel();
    await declareTopology(channel);
    await channel.close();
  });
  afterAll(async () => {
    await connection.close();
    await proxy.disconnect();
  });

  it('reads the number of waiting messages of every partition', async () => {
    const channel = await model.createConfirmChannel();
    expect(await depths.read()).toEqual(empty);
    await publishConfirmed(channel, EVENTS_EXCHANGE, routingKeyOf(3), Buffer.from('{}'), {});
    await channel.close();
    await eventually(async () => expect(await depths.read()).toEqual(empty.with(3, 1)));
  });

  it('opens one channel for all reads, which fail, while the broker is frozen, and recovers later', async () => {
    const opened = jest.spyOn(model, 'createChannel');
    proxy.pause();
    // Without a timeout, the reads would not settle while the broker is frozen.
    const results = await Promise.allSettled([depths.read(), depths.read(), depths.read()]);
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    await expect(depths.read()).rejects.toThrow('no response within');
    expect(opened).toHaveBeenCalledTimes(1);
    proxy.resume();
    await eventually(async () => expect(await depths.read()).toHaveLength(PARTITION_COUNT));
  });
});
