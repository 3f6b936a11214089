import { describe, expect, it } from '@jest/globals';
import { InMemoryRateLimiter } from './in-memory-rate-limiter.ts';

const LIMIT = { points: 50, windowMs: 1_000, burst: 200 };

function createLimiter() {
  const clock = { now: 5_000 };
  const limiter = new InMemoryRateLimiter(() => clock.now);
  const takeAll = async (key: string): Promise<number> => {
    for (let taken = 0; ; taken += 1) if ((await limiter.take(key, LIMIT)) > 0) return taken;
  };
  return { clock, limiter, takeAll };
}

describe('InMemoryRateLimiter', () => {
  it('allows a burst, then returns how long to wait', async () => {
    const { clock, limiter, takeAll } = createLimiter();
    expect(await takeAll('a')).toBe(200);
    const waitMs = await limiter.take('a', LIMIT);
    expect(waitMs).toBe(20);
    clock.now += waitMs;
    expect(await limiter.take('a', LIMIT)).toBe(0);
    expect(await limiter.take('a', LIMIT)).toBe(20);
  });

  it('allows exactly the sustained rate, and refills up to the burst size', async () => {
    const { clock, takeAll } = createLimiter();
    await takeAll('a');
    for (let second = 0; second < 10; second += 1) {
      clock.now += 1_000;
      expect(await takeAll('a')).toBe(50);
    }
    clock.now += 60_000;
    expect(await takeAll('a')).toBe(200);
  });

  it('limits each key separately', async () => {
    const { takeAll } = createLimiter();
    await takeAll('a');
    expect(await takeAll('b')).toBe(200);
  });

  it('restores a point on refund(), but never beyond the burst', async () => {
    const { limiter, takeAll } = createLimiter();
    await takeAll('a');
    await limiter.refund('a', LIMIT);
    expect(await takeAll('a')).toBe(1);
    await limiter.refund('b', LIMIT);
    expect(await takeAll('b')).toBe(200);
  });
});
