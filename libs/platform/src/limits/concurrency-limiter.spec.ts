import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from '../failures/failures.ts';
import { ConcurrencyLimiter } from './concurrency-limiter.ts';

describe('ConcurrencyLimiter', () => {
  it('runs 2 tasks at a time in order, and rejects new tasks while 3 are waiting', async () => {
    const work = new ConcurrencyLimiter(
      { concurrent: 2, waiting: 3 },
      () => new UnavailableError('The queue is full.', 1_000),
    );
    let running = 0;
    let maxRunning = 0;
    const done: number[] = [];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 7 }, (_, n) =>
        work.run(async () => {
          maxRunning = Math.max(maxRunning, (running += 1));
          await new Promise((resolve) => setTimeout(resolve, 5));
          running -= 1;
          done.push(n);
          if (n === 1) throw new Error('task failed');
        }),
      ),
    );
    expect(maxRunning).toBe(2);
    expect(done).toEqual([0, 1, 2, 3, 4]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(outcomes[6]).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    await expect(work.run(() => Promise.resolve('done'))).resolves.toBe('done');
  });
});
