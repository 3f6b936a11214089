import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, jest } from '@jest/globals';
import { TimeoutError, withTimeout } from './with-timeout.ts';

const never = new Promise<never>(() => undefined);

describe('withTimeout', () => {
  it('settles like the promise', async () => {
    await expect(withTimeout(Promise.resolve('value'), 1_000)).resolves.toBe('value');
    await expect(withTimeout(Promise.reject(new Error('failed')), 1_000)).rejects.toThrow('failed');
  });

  it('rejects when the promise is still pending after the time limit', async () => {
    await expect(withTimeout(never, 1)).rejects.toThrow(TimeoutError);
  });

  it('accepts a promise that settled while the process was busy', async () => {
    const { port1, port2 } = new MessageChannel();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    port2.once('message', resolve);
    const waiting = withTimeout(promise, 10);
    port1.postMessage('in time');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    await expect(waiting).resolves.toBe('in time');
    port1.close();
  });

  it('waits without a limit when the limit is Infinity', async () => {
    jest.useFakeTimers();
    try {
      const { promise, resolve } = Promise.withResolvers<string>();
      const waiting = withTimeout(promise, Infinity);
      expect(jest.getTimerCount()).toBe(0);
      resolve('value');
      await expect(waiting).resolves.toBe('value');
    } finally {
      jest.useRealTimers();
    }
  });
});
