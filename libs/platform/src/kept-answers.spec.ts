import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KeptAnswers } from './kept-answers.ts';

const FRESH_MS = 10_000;

describe('KeptAnswers', () => {
  let answers: KeptAnswers<string>;
  let asked: number;
  const answering = (value: string) => () => {
    asked += 1;
    return Promise.resolve(value);
  };
  const failing = () => Promise.reject(new Error('away'));
  const silent = () => new Promise<string>(() => undefined);

  beforeEach(() => {
    jest.useFakeTimers();
    answers = new KeptAnswers({ max: 10, freshMs: FRESH_MS });
    asked = 0;
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('calls the source once for all concurrent and later reads of a fresh value', async () => {
    const all = await Promise.all([1, 2, 3].map(() => answers.get('a', answering('yes'))));
    expect([...all, await answers.get('a', answering('no'))]).toEqual(['yes', 'yes', 'yes', 'yes']);
    expect(asked).toBe(1);
  });

  it('calls the source again when the value is stale', async () => {
    await answers.get('a', answering('old'));
    jest.advanceTimersByTime(FRESH_MS);
    expect(await answers.get('a', answering('new'))).toBe('new');
  });

  it('ages values by the monotonic clock, also when the system clock is set back', async () => {
    const start = Date.now();
    await answers.get('a', answering('old'));
    jest.advanceTimersByTime(FRESH_MS);
    jest.setSystemTime(start);
    expect(await answers.get('a', answering('new'))).toBe('new');
  });

  it('serves a stale value while the source fails, and rejects when no value is known', async () => {
    await expect(answers.get('a', failing)).rejects.toThrow('away');
    await answers.get('a', answering('old'));
    jest.advanceTimersByTime(FRESH_MS);
    expect(await answers.get('a', failing)).toBe('old');
  });

  it('serves a stale value after 250 ms when the source does not answer, and then at once', async () => {
    await answers.get('a', answering('old'));
    jest.advanceTimersByTime(FRESH_MS);
    const first = answers.get('a', silent);
    await jest.advanceTimersByTimeAsync(250);
    expect(await first).toBe('old');
    // Answers while the clock stands still.
    expect(await answers.get('a', silent)).toBe('old');
  });

  it('refreshes several keys with one call, after which their values are fresh', async () => {
    await answers.get('a', answering('old'));
    await answers.get('b', answering('old'));
    let together = 0;
    const ask = () => {
      together += 1;
      return Promise.resolve(['A', 'B']);
    };
    expect(await answers.refresh(['a', 'b'], ask)).toEqual(['A', 'B']);
    expect([await answers.get('a', failing), await answers.get('b', failing)]).toEqual(['A', 'B']);
    expect([together, asked]).toEqual([1, 2]);
  });

  it('keeps known values when a refresh fails or lacks an answer', async () => {
    await answers.get('a', answering('old'));
    await expect(answers.refresh(['a'], failing)).rejects.toThrow('away');
    await expect(answers.refresh(['b', 'a'], () => Promise.resolve(['B']))).rejects.toThrow(
      'missing',
    );
    expect([answers.known('a'), answers.known('b')]).toEqual(['old', 'B']);
    expect(await answers.get('a', answering('unasked'))).toBe('old');
  });

  it('prefers a value set with tell() to an answer requested before it', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const asking = answers.get('a', () => promise);
    answers.tell('a', 'told');
    resolve('asked before');
    expect(await asking).toBe('told');
    expect(answers.known('a')).toBe('told');
  });
});
