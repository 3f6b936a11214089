import { describe, expect, it } from '@jest/globals';
import { median, percentile, spread } from './percentiles.ts';

const oneToHundred = Array.from({ length: 100 }, (_, index) => index + 1).toReversed();

describe('percentile', () => {
  it('returns a measured value of unsorted input', () => {
    expect(percentile(oneToHundred, 0.5)).toBe(50);
    expect(percentile(oneToHundred, 0.99)).toBe(99);
    expect(percentile(oneToHundred, 1)).toBe(100);
  });

  it('compares values as numbers, not as strings', () => {
    expect(percentile([9, 10, 100], 0.5)).toBe(10);
  });

  it('returns the value of a single measurement, and NaN if there is none', () => {
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.99)).toBeNaN();
  });
});

describe('median', () => {
  it('returns the middle value, or the mean of the two middle values', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('spread', () => {
  it('returns the minimum, median and maximum of all rounds', () => {
    expect(spread([30, 10, 20])).toEqual({ min: 10, median: 20, max: 30 });
  });
});
