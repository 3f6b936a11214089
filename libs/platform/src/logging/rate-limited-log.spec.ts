import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RateLimitedLog } from './rate-limited-log.ts';

describe('RateLimitedLog', () => {
  const lines: unknown[] = [];
  const createLog = () =>
    new RateLimitedLog({ warn: (fields: unknown) => void lines.push(fields) }, 'rejected');

  beforeEach(() => {
    lines.length = 0;
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('logs the first occurrence immediately with its fields', () => {
    createLog().warn('rate', { address: '192.0.2.7' });
    expect(lines).toEqual([{ reason: 'rate', address: '192.0.2.7', count: 1 }]);
  });

  it('logs further occurrences as one line per 10 s with their count', () => {
    const log = createLog();
    for (let n = 0; n < 1_001; n += 1) log.warn('rate');
    expect(lines).toHaveLength(1);
    jest.advanceTimersByTime(10_000);
    expect(lines.slice(1)).toEqual([{ reason: 'rate', count: 1_000 }]);
    log.warn('rate');
    expect(lines).toHaveLength(2);
    jest.advanceTimersByTime(10_000);
    expect(lines.slice(2)).toEqual([{ reason: 'rate', count: 1 }]);
  });

  it('logs each reason separately, and immediately again after 10 s without an occurrence', () => {
    const log = createLog();
    log.warn('rate');
    log.warn('slow');
    jest.advanceTimersByTime(10_000);
    log.warn('rate');
    expect(lines).toEqual([
      { reason: 'rate', count: 1 },
      { reason: 'slow', count: 1 },
      { reason: 'rate', count: 1 },
    ]);
  });
});
