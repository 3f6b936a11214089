import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { eventually, FaultProxy, sharedRabbitMq } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Logger } from '@nestjs/common';
import { BrokerConnection } from './broker-connection.ts';
import { SupervisedChannel } from './supervised-channel.ts';

jest.setTimeout(60_000);
Logger.overrideLogger(false);

describeWithProgram('rabbitmq-server', 'SupervisedChannel', () => {
  let proxy: FaultProxy;
  let connection: BrokerConnection;
  let channel: SupervisedChannel;
  let openings: number;
  /** Logged backoffs, in milliseconds. */
  let backoffs: number[];

  beforeEach(async () => {
    const broker = sharedRabbitMq('supervised-channel');
    proxy = await FaultProxy.to(broker.port);
    const url = broker.url.replace(`:${broker.port}`, `:${proxy.port}`);
    connection = new BrokerConnection({ url, heartbeatSeconds: 1, name: 'a test' });
    backoffs = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((fields: unknown) => {
      const { retryInMs } = fields as { retryInMs?: number };
      if (retryInMs !== undefined) backoffs.push(retryInMs);
    });
    openings = 0;
    channel = new SupervisedChannel(connection, {
      name: 'test',
      setUp: () => {
        openings += 1;
        return Promise.resolve();
      },
    });
    await waitForOpenings(1);
  });
  afterEach(async () => {
    await channel.stop();
    await connection.close();
    await proxy.disconnect();
    jest.restoreAllMocks();
  });

  const waitForOpenings = (times: number) => eventually(() => expect(openings).toBe(times));

  it('reopens without a backoff when a lost connection is restored', async () => {
    for (let losses = 1; losses <= 3; losses += 1) {
      await proxy.disconnect();
      await eventually(() => expect(connection.current).toBeUndefined());
      await proxy.restore();
      await waitForOpenings(losses + 1);
    }
    expect(backoffs).toEqual([]);
  });

  it('backs off for longer after each failure, and resets the backoff after a success', async () => {
    const reopen = async (): Promise<number> => {
      const [startedAt, times] = [performance.now(), openings];
      channel.reopen(new Error('in a test'));
      await waitForOpenings(times + 1);
      const backoff = backoffs.at(-1) ?? NaN;
      // A timer may fire up to a millisecond early.
      expect(performance.now() - startedAt).toBeGreaterThan(backoff - 1);
      return backoff;
    };
    for (let times = 1; times <= 4; times += 1) await reopen();
    expect(await reopen()).toBeGreaterThanOrEqual(400);
    channel.resetBackoff();
    expect(await reopen()).toBeLessThanOrEqual(50);
  });
});
