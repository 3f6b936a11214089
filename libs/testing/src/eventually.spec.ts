import { describe, expect, it } from '@jest/globals';
import { eventually, until } from './eventually.ts';

describe('eventually', () => {
  it('repeats a check until it passes', async () => {
    let runs = 0;
    await eventually(() => expect((runs += 1)).toBe(3));
    expect(runs).toBe(3);
  });

  it('throws the last error of a check that does not pass in time', async () => {
    let runs = 0;
    const failing = eventually(() => Promise.reject(new Error(`run ${(runs += 1)}`)), 50);
    await expect(failing).rejects.toThrow(/^run [2-9]/);
  });
});

describe('until', () => {
  it('polls a condition until it holds', async () => {
    let polls = 0;
    await until('three polls', () => Promise.resolve((polls += 1) === 3));
    expect(polls).toBe(3);
  });

  it('names the condition that does not hold in time', async () => {
    await expect(until('it is ready', () => false, 50)).rejects.toThrow(
      'timed out waiting until: it is ready',
    );
  });
});
