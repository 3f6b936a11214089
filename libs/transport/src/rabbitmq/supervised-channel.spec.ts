import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { eventually, Link, RabbitMqServer } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import { BrokerConnection } from './broker-connection.ts';
import { SupervisedChannel } from './supervised-channel.ts';

jest.setTimeout(60_000);
Logger.overrideLogger(false);

describeWith('rabbitmq-server', 'a supervised channel', () => {
  let broker: RabbitMqServer;
  let link: Link;
  let connection: BrokerConnection;
  let channel: SupervisedChannel;
  /** When it was opened, as `performance.now()` counts. */
  let openings: number[];

  beforeAll(async () => {
    broker = await RabbitMqServer.start();
  });
  afterAll(() => broker.close());

  beforeEach(async () => {
    link = await Link.to(broker.port);
    const url = broker.url.replace(`:${broker.port}`, `:${link.port}`);
    connection = new BrokerConnection({ url, heartbeatSeconds: 1, name: 'a test' });
    openings = [];
    channel = new SupervisedChannel(connection, {
      name: 'The channel of a test',
      opened: () => {
        openings.push(performance.now());
        return Promise.resolve();
      },
      closed: () => undefined,
    });
    channel.start();
    await opened(1);
  });
  afterEach(async () => {
    await channel.stop();
    await connection.close();
    await link.cut();
  });

  const opened = (times: number) => eventually(() => expect(openings).toHaveLength(times));

  it('is opened as soon as its connection is back, however often that was lost', async () => {
    for (let losses = 1; losses <= 8; losses += 1) {
      await link.cut();
      await eventually(() => expect(connection.current).toBeUndefined());
      await link.restore();
      await connection.connected(AbortSignal.timeout(10_000));
      const back = performance.now();
      await opened(losses + 1);
      expect((openings[losses] ?? 0) - back).toBeLessThan(300);
    }
  });

  it('is opened later each time it is given up, until it has done what it is for', async () => {
    const giveUp = async (): Promise<number> => {
      const [began, times] = [performance.now(), openings.length];
      channel.giveUp(new Error('in a test'));
      await opened(times + 1);
      return performance.now() - began;
    };
    for (let times = 1; times <= 5; times += 1) await giveUp();
    expect(await giveUp()).toBeGreaterThan(700);
    channel.succeeded();
    expect(await giveUp()).toBeLessThan(500);
  });
});
