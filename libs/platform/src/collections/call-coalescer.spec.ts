import { beforeEach, describe, expect, it } from '@jest/globals';
import { CallCoalescer } from './call-coalescer.ts';

describe('CallCoalescer', () => {
  let calls: CallCoalescer<number>;
  /** Outcomes of the calls, in the order in which the calls start. */
  let outcomes: PromiseWithResolvers<number>[];
  let started: number;

  beforeEach(() => {
    calls = new CallCoalescer();
    outcomes = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
    started = 0;
  });

  const call = (): Promise<number> => {
    started += 1;
    return outcomes[started - 1]?.promise ?? Promise.reject(new Error('too many calls'));
  };

  describe('joinInFlight', () => {
    it('gives all requests during a call the result of that call', async () => {
      const requests = [calls.joinInFlight('a', call), calls.joinInFlight('a', call)];
      outcomes[0]?.resolve(1);
      expect(await Promise.all(requests)).toEqual([1, 1]);
      expect(started).toBe(1);
    });

    it('starts a separate call for a different key', () => {
      void calls.joinInFlight('a', call);
      void calls.joinInFlight('b', call);
      expect(started).toBe(2);
    });

    it('starts a new call once a request has received its result', async () => {
      const first = calls.joinInFlight('a', call);
      outcomes[0]?.resolve(1);
      await first;
      void calls.joinInFlight('a', call);
      expect(started).toBe(2);
    });

    it('rejects all requests when the call fails, and then starts a new one', async () => {
      const requests = [calls.joinInFlight('a', call), calls.joinInFlight('a', call)];
      outcomes[0]?.reject(new Error('no response'));
      for (const request of requests) await expect(request).rejects.toThrow('no response');
      void calls.joinInFlight('a', call);
      expect(started).toBe(2);
    });

    it('returns the result immediately, and shares it until the callback has settled', async () => {
      const afterwards = Promise.withResolvers<undefined>();
      const first = calls.joinInFlight('a', call, () => afterwards.promise);
      outcomes[0]?.resolve(1);
      expect(await first).toBe(1);
      expect(await calls.joinInFlight('a', call)).toBe(1);
      afterwards.reject(new Error('not cached'));
      await afterwards.promise.catch(() => undefined);
      void calls.joinInFlight('a', call);
      expect(started).toBe(2);
    });

    it('starts a new call after the running one was forgotten, and then shares the new one', async () => {
      const outdated = calls.joinInFlight('a', call);
      calls.forget('a');
      const [second, third] = [calls.joinInFlight('a', call), calls.joinInFlight('a', call)];
      outcomes[0]?.resolve(1);
      expect(await outdated).toBe(1);
      const fourth = calls.joinInFlight('a', call);
      outcomes[1]?.resolve(2);
      expect(await Promise.all([second, third, fourth])).toEqual([2, 2, 2]);
    });
  });

  describe('queueNext', () => {
    it('gives all requests during a call the result of the next call', async () => {
      const first = calls.queueNext('a', call);
      const later = [calls.queueNext('a', call), calls.queueNext('a', call)];
      expect(started).toBe(1);
      outcomes[0]?.resolve(1);
      expect(await first).toBe(1);
      outcomes[1]?.resolve(2);
      expect(await Promise.all(later)).toEqual([2, 2]);
      expect(started).toBe(2);
    });

    it('starts the next call even when the running one fails', async () => {
      const first = calls.queueNext('a', call);
      const next = calls.queueNext('a', call);
      outcomes[0]?.reject(new Error('no response'));
      await expect(first).rejects.toThrow('no response');
      outcomes[1]?.resolve(2);
      expect(await next).toBe(2);
    });

    it('runs one call at a time, even when a request arrives just as one finishes', async () => {
      const first = calls.queueNext('a', call);
      const second = calls.queueNext('a', call);
      outcomes[0]?.resolve(1);
      await first;
      const third = calls.queueNext('a', call);
      expect(started).toBeLessThanOrEqual(2);
      outcomes[1]?.resolve(2);
      outcomes[2]?.resolve(3);
      expect(await second).toBe(2);
      expect([2, 3]).toContain(await third);
    });
  });
});
