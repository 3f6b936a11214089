import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SocketRechecks } from './socket-rechecks.ts';

describe('SocketRechecks', () => {
  let rechecks: SocketRechecks;
  let warned: jest.SpiedFunction<Logger['warn']>;
  let logged: jest.SpiedFunction<Logger['log']>;

  beforeEach(() => {
    jest.useFakeTimers();
    warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    logged = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
    rechecks = new SocketRechecks();
    rechecks.onModuleInit();
  });
  afterEach(() => {
    rechecks.onApplicationShutdown();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('runs all registered rechecks every 8 s until shutdown, even if one of them fails', async () => {
    let runs = 0;
    rechecks.register(() => Promise.reject(new Error('unavailable')));
    rechecks.register(() => Promise.resolve(void (runs += 1)));
    await jest.advanceTimersByTimeAsync(16_000);
    expect(runs).toBe(2);
    rechecks.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(16_000);
    expect(runs).toBe(2);
  });

  it('starts no recheck while the last one is running', async () => {
    let runs = 0;
    rechecks.register(() => {
      runs += 1;
      return new Promise(() => undefined);
    });
    await jest.advanceTimersByTimeAsync(24_000);
    expect(runs).toBe(1);
  });

  it('logs a failure once, and the next success', async () => {
    let failing = true;
    rechecks.register(() => (failing ? Promise.reject(new Error('down')) : Promise.resolve()));
    await jest.advanceTimersByTimeAsync(24_000);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(logged).not.toHaveBeenCalled();
    failing = false;
    await jest.advanceTimersByTimeAsync(16_000);
    expect(logged).toHaveBeenCalledTimes(1);
  });
});
