import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StaleWhileRevalidateCache } from './stale-while-revalidate-cache.ts';

const FRESH_MS = 10_000;

describe('StaleWhileRevalidateCache', () => {
  let cache: StaleWhileRevalidateCache<string>;
  let calls: number;
  const returning = (value: string) => () => {
    calls += 1;
    return Promise.resolve(value);
  };
  const failing = () => Promise.reject(new Error('unavailable'));
  const hanging = () => new Promise<string>(() => undefined);

  beforeEach(() => {
    jest.useFakeTimers();
    cache = new StaleWhileRevalidateCache({ max: 10, freshMs: FRESH_MS });
    calls = 0;
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('calls the source once for all concurrent and later reads of a fresh value', async () => {
    const all = await Promise.all([1, 2, 3].map(() => cache.get('a', returning('yes'))));
    expect([...all, await cache.get('a', returning('no'))]).toEqual(['yes', 'yes', 'yes', 'yes']);
    expect(calls).toBe(1);
  });

  it('calls the source again when the value is stale', async () => {
    await cache.get('a', returning('old'));
    jest.advanceTimersByTime(FRESH_MS);
    expect(await cache.get('a', returning('new'))).toBe('new');
  });

  it('ages values by the monotonic clock, even when the system clock is set back', async () => {
    const start = Date.now();
    await cache.get('a', returning('old'));
    jest.advanceTimersByTime(FRESH_MS);
    jest.setSystemTime(start);
    expect(await cache.get('a', returning('new'))).toBe('new');
  });

  it('serves a stale value while the source fails, and rejects when no value is known', async () => {
    await expect(cache.get('a', failing)).rejects.toThrow('unavailable');
    await cache.get('a', returning('old'));
    jest.advanceTimersByTime(FRESH_MS);
    expect(await cache.get('a', failing)).toBe('old');
  });

  it('serves a stale value after 250 ms when the source does not respond, and then immediately', async () => {
    await cache.get('a', returning('old'));
    jest.advanceTimersByTime(FRESH_MS);
    const first = cache.get('a', hanging);
    await jest.advanceTimersByTimeAsync(250);
    expect(await first).toBe('old');
    // Resolves without advancing the clock.
    expect(await cache.get('a', hanging)).toBe('old');
  });

  it('refreshes several keys with one call, after which their values are fresh', async () => {
    await cache.get('a', returning('old'));
    await cache.get('b', returning('old'));
    let refreshes = 0;
    const load = () => {
      refreshes += 1;
      return Promise.resolve(['A', 'B']);
    };
    expect(await cache.refresh(['a', 'b'], load)).toEqual(['A', 'B']);
    expect([await cache.get('a', failing), await cache.get('b', failing)]).toEqual(['A', 'B']);
    expect([refreshes, calls]).toEqual([1, 2]);
  });

  it('retains cached values when a refresh fails or omits a value', async () => {
    await cache.get('a', returning('old'));
    await expect(cache.refresh(['a'], failing)).rejects.toThrow('unavailable');
    await expect(cache.refresh(['b', 'a'], () => Promise.resolve(['B']))).rejects.toThrow(
      'missing',
    );
    expect([cache.peek('a'), cache.peek('b')]).toEqual(['old', 'B']);
    expect(await cache.get('a', returning('not requested'))).toBe('old');
  });

  it('prefers a value stored with set() over one requested earlier', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const pending = cache.get('a', () => promise);
    cache.set('a', 'newer');
    resolve('requested before');
    expect(await pending).toBe('newer');
    expect(cache.peek('a')).toBe('newer');
  });
});
