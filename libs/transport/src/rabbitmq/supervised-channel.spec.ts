import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { eventually, Link, sharedRabbitMq } from '@chat/testing';
import { describeWith } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import { BrokerConnection } from './broker-connection.ts';
import { SupervisedChannel } from './supervised-channel.ts';

jest.setTimeout(60_000);
Logger.overrideLogger(false);

describeWith('rabbitmq-server', 'SupervisedChannel', () => {
  let link: Link;
  let connection: BrokerConnection;
  let channel: SupervisedChannel;
  let openings: number;
  /** Waits before a reopening, as they are logged, in milliseconds. */
  let backoffs: number[];

  beforeEach(async () => {
    const broker = sharedRabbitMq('supervised-channel');
    link = await Link.to(broker.port);
    const url = broker.url.replace(`:${broker.port}`, `:${link.port}`);
    connection = new BrokerConnection({ url, heartbeatSeconds: 1, name: 'a test' });
    backoffs = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => {
      const [, backoff] = /again in (\d+) ms/.exec(String(line)) ?? [];
      if (backoff !== undefined) backoffs.push(Number(backoff));
    });
    openings = 0;
    channel = new SupervisedChannel(connection, {
      name: 'The channel of a test',
      opened: () => {
        openings += 1;
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
    jest.restoreAllMocks();
  });

  const opened = (times: number) => eventually(() => expect(openings).toBe(times));

  it('reopens without a backoff when a lost connection is back', async () => {
    for (let losses = 1; losses <= 3; losses += 1) {
      await link.cut();
      await eventually(() => expect(connection.current).toBeUndefined());
      await link.restore();
      await opened(losses + 1);
    }
    expect(backoffs).toEqual([]);
  });

  it('backs off for longer after each failure, and starts over after a success', async () => {
    const giveUp = async (): Promise<number> => {
      const [began, times] = [performance.now(), openings];
      channel.giveUp(new Error('in a test'));
      await opened(times + 1);
      const backoff = backoffs.at(-1) ?? NaN;
      // A timer may fire within the millisecond before.
      expect(performance.now() - began).toBeGreaterThan(backoff - 1);
      return backoff;
    };
    for (let times = 1; times <= 4; times += 1) await giveUp();
    expect(await giveUp()).toBeGreaterThanOrEqual(400);
    channel.succeeded();
    expect(await giveUp()).toBeLessThanOrEqual(50);
  });
});
