import { describe, expect, it } from '@jest/globals';
import { Failure, UnavailableError } from '@chat/platform/failures';
import { SendOrder } from './send-order.ts';

const outcomes = (promises: Promise<unknown>[]) =>
  Promise.allSettled(promises).then((settled) =>
    settled.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Failure).code,
    ),
  );

describe('SendOrder', () => {
  it('publishes sends in order without waiting for their outcomes', async () => {
    const order = new SendOrder(() => Promise.resolve());
    const log: string[] = [];
    const release = Promise.withResolvers<void>();
    const send = (name: string, delayMs: number): Promise<string> =>
      order.run(async () => {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        log.push(name);
        return { outcome: release.promise.then(() => name) };
      });
    const sends = [send('a', 20), send('b', 0), send('c', 5)];
    while (log.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    release.resolve();
    expect(await outcomes(sends)).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a', 'b', 'c']);
    expect(order.idle).toBe(true);
  });

  it('fails the sends after a send that failed with UNAVAILABLE, but not earlier sends', async () => {
    const order = new SendOrder(() => Promise.resolve());
    const b = Promise.withResolvers<string>();
    const rest = Promise.withResolvers<string>();
    const sends = [
      order.run(() => Promise.resolve({ outcome: rest.promise })),
      order.run(() => Promise.resolve({ outcome: b.promise })),
      order.run(() => Promise.resolve({ outcome: rest.promise })),
    ];
    const settled = outcomes(sends);
    await new Promise(setImmediate);
    b.reject(new UnavailableError('RabbitMQ is unavailable.', 100));
    await new Promise(setImmediate);
    rest.resolve('ok');
    expect(await settled).toEqual(['ok', 'UNAVAILABLE', 'UNAVAILABLE']);
  });

  it('fails the sends that were received before a send failed and are handled after it', async () => {
    const handled = Promise.withResolvers<void>();
    const order = new SendOrder(() => handled.promise);
    const ok = () => Promise.resolve({ outcome: Promise.resolve('ok') });
    const failed = order.run(() => Promise.reject(new UnavailableError('Unavailable.', 100)));
    const settled = outcomes([failed]);
    await new Promise(setImmediate);
    expect(await outcomes([order.run(ok)])).toEqual(['UNAVAILABLE']);
    handled.resolve();
    expect(await settled).toEqual(['UNAVAILABLE']);
    expect(await outcomes([order.run(ok)])).toEqual(['ok']);
    expect(order.idle).toBe(true);
  });

  it('publishes no send queued behind a send that failed with UNAVAILABLE', async () => {
    const order = new SendOrder(() => Promise.resolve());
    let published = 0;
    const sends = [
      order.run(() => Promise.reject(new UnavailableError('The service is unavailable.', 100))),
      order.run(() => {
        published += 1;
        return Promise.resolve({ outcome: Promise.resolve('ok') });
      }),
    ];
    expect(await outcomes(sends)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    expect(published).toBe(0);
  });

  it('continues with the next send after a permanent failure', async () => {
    const order = new SendOrder(() => Promise.resolve());
    const sends = [
      order.run(() => Promise.reject(new Failure('NOT_FOUND', 'Room not found.'))),
      order.run(() => Promise.resolve({ outcome: Promise.resolve('ok') })),
    ];
    expect(await outcomes(sends)).toEqual(['NOT_FOUND', 'ok']);
  });

  it('rejects a send with UNAVAILABLE beyond 500 pending sends', async () => {
    const order = new SendOrder(() => Promise.resolve());
    const never = new Promise<string>(() => undefined);
    for (let count = 0; count < 500; count += 1) {
      void order.run(() => Promise.resolve({ outcome: never }));
    }
    await expect(order.run(() => Promise.resolve({ outcome: never }))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});
