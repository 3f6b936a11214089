import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Backoff } from './backoff.ts';

const FIRST_MS = 500;
const MAX_MS = 5_000;
/** Smallest and (nearly) largest value of `Math.random()`. */
const LEAST = 0;
const MOST = 1 - Number.EPSILON;
/** Waits that servers request: none, shorter and longer than those of the backoff. */
const REQUESTED_MS = [0, 50, 1_000, 2_000, 4_000, 60_000];

afterEach(() => {
  jest.restoreAllMocks();
});

/** Returns 50 consecutive waits with a fixed `Math.random()`. */
function waits({ random, atLeastMs = 0 }: { random: number; atLeastMs?: number }): number[] {
  jest.spyOn(Math, 'random').mockReturnValue(random);
  const backoff = new Backoff(FIRST_MS, MAX_MS);
  return Array.from({ length: 50 }, () => Math.round(backoff.next(atLeastMs)));
}

describe('Backoff', () => {
  it('doubles its wait from 500 ms ± 50 % up to the maximum of 5 s', () => {
    expect(waits({ random: LEAST }).slice(0, 6)).toEqual([250, 500, 1_000, 1_667, 1_667, 1_667]);
    expect(waits({ random: 0.5 }).slice(0, 6)).toEqual([500, 1_000, 2_000, 3_333, 3_333, 3_333]);
    expect(waits({ random: MOST }).slice(0, 6)).toEqual([750, 1_500, 3_000, 5_000, 5_000, 5_000]);
  });

  it('lengthens its wait up to the maximum when the server requests 1 s every time', () => {
    const grown = waits({ random: 0.5, atLeastMs: 1_000 });
    expect(grown.slice(0, 6)).toEqual([1_250, 1_250, 2_000, 3_333, 3_333, 3_333]);
  });

  it.each(REQUESTED_MS)('never waits less than the %d ms that the server requests', (atLeastMs) => {
    expect(Math.min(...waits({ random: LEAST, atLeastMs }))).toBeGreaterThanOrEqual(atLeastMs);
  });

  it.each(REQUESTED_MS)(
    'randomizes at least a third of each wait when the server requests %d ms',
    (atLeastMs) => {
      const earliest = waits({ random: LEAST, atLeastMs });
      const latest = waits({ random: MOST, atLeastMs });
      const shares = latest.map((longest, n) => 1 - (earliest[n] ?? Infinity) / longest);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.33);
    },
  );

  it.each(REQUESTED_MS)(
    'never waits longer than the maximum or 1.5 times the %d ms that the server requests',
    (atLeastMs) => {
      const longest = Math.max(...waits({ random: MOST, atLeastMs }));
      expect(longest).toBeLessThanOrEqual(Math.max(MAX_MS, atLeastMs * 1.5));
    },
  );

  it('caps the wait at 2^31 - 1 ms, the longest timer, when the server requests more', () => {
    expect(waits({ random: MOST, atLeastMs: 1e15 })[0]).toBe(2 ** 31 - 1);
  });

  it('starts over with the first wait after reset()', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const backoff = new Backoff(FIRST_MS, MAX_MS);
    for (let attempt = 1; attempt <= 4; attempt += 1) backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(FIRST_MS);
  });
});
