import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@chat/testing';
import { Clients } from '../../test/clients.ts';
import type { ScriptedServer } from '../../test/scripted-server.ts';
import { MemorySessionStorage } from './memory-session-storage.ts';

let server: ScriptedServer;
let clients: Clients;

beforeEach(async () => {
  clients = await Clients.start();
  ({ server } = clients);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await clients.close();
});

function refreshes(): number {
  return server.requests.filter((call) => call === 'POST /auth/refresh').length;
}

describe('Session', () => {
  it('is restored by a later client with the same storage', async () => {
    const sessionStorage = new MemorySessionStorage();
    const first = await clients.signedIn('ada', { sessionStorage });
    first.close();

    const second = clients.create({ sessionStorage });
    expect(second.session.user?.username).toBe('ada');
    await second.connection.whenOnline(5_000);
  });

  it('refreshes a rejected token once for 10 concurrent calls', async () => {
    const ada = await clients.signedIn('ada');
    server.expireAccessTokens();
    await Promise.all(Array.from({ length: 10 }, () => ada.rest.rooms()));
    expect(refreshes()).toBe(1);
  });

  it('refreshes a rejected token once for two tabs that share the storage', async () => {
    const sessionStorage = new MemorySessionStorage();
    const firstTab = await clients.signedIn('ada', { sessionStorage });
    const secondTab = clients.create({ sessionStorage });
    await secondTab.connection.whenOnline(5_000);
    server.expireAccessTokens();
    await Promise.all([
      firstTab.rest.rooms(),
      secondTab.rest.rooms(),
      firstTab.rest.rooms(),
      secondTab.rest.rooms(),
    ]);
    expect(refreshes()).toBe(1);
  });

  it.each([
    ['with a steady clock', 0],
    ['with a clock that is set back', 300],
  ])(
    'is refreshed before it expires, and renewed on the open socket, %s',
    async (_when, backMs) => {
      server.accessTokenLifeSeconds = 1;
      const ada = await clients.signedIn('ada');
      const now = Date.now.bind(Date);
      jest.spyOn(Date, 'now').mockImplementation(() => now() - backMs);
      await eventually(() => expect(server.renewals).toContain('access-2'));
      expect(ada.connection.getSnapshot().status).toBe('online');
    },
  );

  it('ends, and closes its connection and rooms, when the server rejects the refresh', async () => {
    const ada = await clients.signedIn('ada');
    const general = ada.room('general');
    await general.open();
    server.revokeSessions();
    await expect(ada.rest.rooms()).rejects.toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
    expect(ada.session.getSnapshot()).toEqual({ status: 'signed-out', reason: 'expired' });
    expect(ada.connection.getSnapshot()).toEqual({ status: 'signed-out' });
    expect(general.getSnapshot().status).toBe('closed');
  });

  it.each([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, 'RATE_LIMITED', 7_000],
    ['503', { status: 503, headers: { 'retry-after': '2' } }, 'UNAVAILABLE', 2_000],
    ['500', { status: 500 }, 'INTERNAL', undefined],
  ])(
    'stays signed in when its refresh returns status %s',
    async (_name, response, code, retryAfterMs) => {
      const ada = await clients.signedIn('ada');
      server.expireAccessTokens();
      server.intercept = (call) => (call === 'POST /auth/refresh' ? response : undefined);
      await expect(ada.rest.rooms()).rejects.toMatchObject({ code, retryAfterMs });
      expect(ada.session.getSnapshot().status).toBe('signed-in');

      server.intercept = () => undefined;
      await expect(ada.rest.rooms()).resolves.toEqual([]);
    },
  );

  it('stays signed in while the server is unreachable', async () => {
    const ada = await clients.signedIn('ada');
    await server.stop();
    await expect(ada.rest.rooms()).rejects.toMatchObject({ code: 'NETWORK' });
    expect(ada.session.getSnapshot().status).toBe('signed-in');
    await server.resume();
    await expect(ada.rest.rooms()).resolves.toEqual([]);
  });

  it('ends in every tab when one tab signs out', async () => {
    const sessionStorage = new MemorySessionStorage();
    const firstTab = await clients.signedIn('ada', { sessionStorage });
    const secondTab = clients.create({ sessionStorage });
    await secondTab.connection.whenOnline(5_000);
    await firstTab.session.logout();
    expect(secondTab.session.getSnapshot()).toEqual({ status: 'signed-out', reason: 'logout' });
    await eventually(() => expect(server.sockets).toBe(0));
  });

  it('stays signed out when the user signs out during a refresh', async () => {
    const ada = await clients.signedIn('ada');
    server.expireAccessTokens();
    server.intercept = (call) => {
      if (call === 'POST /auth/refresh') void ada.session.logout();
      return undefined;
    };
    await expect(ada.rest.rooms()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(ada.session.user).toBeUndefined();
  });

  it('rejects an invalid registration with the details of each field', async () => {
    const details = [{ path: 'email', message: 'must be an email address' }];
    server.intercept = () => ({
      status: 400,
      body: { code: 'VALIDATION', message: 'No.', details },
    });
    const client = clients.create();
    await expect(
      client.session.register({ email: 'x', password: 'correct horse' }),
    ).rejects.toMatchObject({ name: 'ChatError', code: 'VALIDATION', message: 'No.', details });
  });
});
