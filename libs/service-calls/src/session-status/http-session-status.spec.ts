import { SESSION_ENDED } from '@chat/auth';
import { InMemorySignals } from '@chat/platform/signals';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ServiceClient } from '../service-client.ts';
import { HttpSessionStatus } from './http-session-status.ts';

describe('HttpSessionStatus', () => {
  const signals = new InMemorySignals();
  let activeIds: string[];
  let status: HttpSessionStatus;
  const users = {
    call: () => Promise.resolve({ active: activeIds }),
  } as unknown as ServiceClient;

  beforeEach(() => {
    jest.useFakeTimers();
    activeIds = ['s'];
    status = new HttpSessionStatus(users, signals);
  });
  afterEach(() => {
    status.onApplicationShutdown();
    jest.useRealTimers();
  });

  it('reports a session as ended after its signal, regardless of the users service', async () => {
    expect(await status.isActive('s')).toBe(true);
    signals.publish(SESSION_ENDED, { sessionId: 's' });
    expect(await status.isActive('s')).toBe(false);
    expect(await status.filterActive(['s'])).toEqual(new Set());
    jest.advanceTimersByTime(60_000);
    expect(await status.isActive('s')).toBe(false);
  });

  it('caches an ended session for 10 s, then queries the users service again', async () => {
    activeIds = [];
    expect(await status.isActive('s')).toBe(false);
    activeIds = ['s'];
    expect(await status.isActive('s')).toBe(false);
    jest.advanceTimersByTime(10_001);
    expect(await status.isActive('s')).toBe(true);
  });
});
