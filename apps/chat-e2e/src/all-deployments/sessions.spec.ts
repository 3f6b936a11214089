import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoginResponse, Session, Tokens } from '@chat/contracts';
import { PASSWORD, until } from '@chat/testing';
import { claimsOf } from '../support/access-token.ts';
import type { ClientSocket } from '../support/test-user.ts';
import { describeChat, startChat, type DedicatedChat } from '../support/chat-under-test.ts';
import { api } from '../support/api.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';

/** Timers may fire slightly early; processes on the same machine share its clock. */
const TIMER_TOLERANCE_MS = 50;

/** Returns the expiry time of an access token, in milliseconds since the epoch. */
function expiryOf(token: string): number {
  return Number(claimsOf(token)['exp']) * 1_000;
}

describeChat('a session', () => {
  let server: DedicatedChat;
  const login = (email: string, password = PASSWORD) =>
    api<LoginResponse>(server.addresses, 'POST', '/auth/login', { body: { email, password } });
  const refresh = (refreshToken: string) =>
    api<Tokens>(server.addresses, 'POST', '/auth/refresh', { body: { refreshToken } });
  const statusOfMe = async (token: string) =>
    (await api(server.addresses, 'GET', '/users/me', { token })).status;

  beforeAll(async () => {
    server = await startChat();
  });
  afterAll(() => server.close());

  /** Resolves after the socket has received sessionExpired and has been closed. */
  const waitForSessionEnd = async (socket: ClientSocket): Promise<void> => {
    const expired = new Promise((resolve) => socket.once('sessionExpired', resolve));
    const closed = new Promise((resolve) => socket.once('disconnect', resolve));
    await expired;
    await closed;
  };

  it('requires the correct password, but ignores the letter case of the email', async () => {
    const ann = await server.register('Ann');
    expect((await login(ann.email.toUpperCase())).status).toBe(200);
    const wrong = await login(ann.email, 'not the password');
    const unknown = await login('unknown@example.com', 'not the password');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
  });

  it('returns the same new refresh token each time that the same refresh token is used', async () => {
    const { registration } = await server.register();
    const tabs = [refresh(registration.refreshToken), refresh(registration.refreshToken)] as const;
    const [next, inOtherTab] = await Promise.all(tabs);
    expect([next.status, inOtherTab.status]).toEqual([200, 200]);
    expect(inOtherTab.body.refreshToken).toBe(next.body.refreshToken);
    expect(await statusOfMe(next.body.token)).toBe(200);
    const again = await refresh(registration.refreshToken);
    expect(again.body.refreshToken).toBe(next.body.refreshToken);
  });

  it('ends and closes its socket when a refresh token is reused two rotations later', async () => {
    const ann = await server.register();
    const { registration } = ann;
    const disconnected = waitForSessionEnd(await ann.connect());
    const second = await refresh(registration.refreshToken);
    const third = await refresh(second.body.refreshToken);
    expect((await refresh(registration.refreshToken)).status).toBe(401);
    await disconnected;
    expect((await refresh(third.body.refreshToken)).status).toBe(401);
    expect(await statusOfMe(third.body.token)).toBe(401);
  });

  it('rejects forged refresh tokens but still accepts its own', async () => {
    const { registration } = await server.register();
    const [id = '', , mac = ''] = registration.refreshToken.split('.');
    for (const token of ['x', `${id}.2.${mac}`, `${id}.1.${'A'.repeat(43)}`, `${id}.1`]) {
      expect((await refresh(token)).status).toBe(401);
    }
    expect((await refresh(registration.refreshToken)).status).toBe(200);
  });

  it('closes its socket when it is revoked from another session of the same user', async () => {
    const ann = await server.register();
    const other = await login(ann.email);
    const socket = await ann.connect();
    const { body: sessions } = await api<Session[]>(server.addresses, 'GET', '/auth/sessions', {
      token: other.body.token,
    });
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    const first = sessions.find(({ current }) => !current);
    const disconnected = waitForSessionEnd(socket);
    const response = await api(server.addresses, 'DELETE', `/auth/sessions/${first?.id ?? ''}`, {
      token: other.body.token,
    });
    expect(response.status).toBe(204);
    await disconnected;
    expect(await statusOfMe(ann.token)).toBe(401);
    expect(await statusOfMe(other.body.token)).toBe(200);
  });

  it('cannot be revoked by another user', async () => {
    const ann = await server.register();
    const bob = await server.register();
    const { body } = await bob.call<Session[]>('GET', '/auth/sessions');
    const response = await ann.call('DELETE', `/auth/sessions/${body[0]?.id ?? ''}`);
    expect(response.status).toBe(404);
    expect(await statusOfMe(bob.token)).toBe(200);
  });

  it('accepts no REST call, socket or refresh token after logout', async () => {
    const ann = await server.register();
    const socket = await ann.connect();
    const disconnected = waitForSessionEnd(socket);
    expect((await ann.call('POST', '/auth/logout')).status).toBe(204);
    await disconnected;
    expect(await statusOfMe(ann.token)).toBe(401);
    expect((await refresh(ann.registration.refreshToken)).status).toBe(401);
  });

  it('survives a restart of the server', async () => {
    const ann = await server.register();
    await server.restart();
    expect(await statusOfMe(ann.token)).toBe(200);
    expect((await refresh(ann.registration.refreshToken)).status).toBe(200);
  });

  describe('with an access token that is valid for 4 s', () => {
    let brief: DedicatedChat;
    beforeAll(async () => {
      brief = await startChat({ ACCESS_TOKEN_TTL_SECONDS: '4' });
    });
    afterAll(() => brief.close());

    it('closes its socket when the token expires', async () => {
      const ann = await brief.register();
      const socket = await ann.connect();
      await waitForSessionEnd(socket);
      // Closed by the timer for the token's expiry, with a margin for a slow machine.
      expect(Date.now()).toBeLessThan(expiryOf(ann.token) + 4_000);
    });

    it('keeps its socket until the renewed token expires, and rejects a token of another user', async () => {
      const ann = await brief.register();
      const bob = await brief.register();
      const socket = await ann.connect();
      let expired = false;
      socket.once('sessionExpired', () => (expired = true));
      expect(await emitWithAck(socket, 'renewSession', { token: bob.token })).toMatchObject({
        ok: false,
        error: { code: 'UNAUTHORIZED' },
      });
      expect(await emitWithAck(socket, 'renewSession', { token: 'invalid' })).toMatchObject({
        ok: false,
        error: { code: 'UNAUTHORIZED' },
      });
      // Token expiries have a resolution of one second.
      await delay(1_800);
      const next = await api<Tokens>(brief.addresses, 'POST', '/auth/refresh', {
        body: { refreshToken: ann.registration.refreshToken },
      });
      const renewed = await emitWithAck(socket, 'renewSession', { token: next.body.token });
      expect(renewed).toMatchObject({ ok: true });
      await until('the renewed token expires', () => expired);
      expect(expiryOf(next.body.token)).toBeGreaterThan(expiryOf(ann.token));
      expect(Date.now()).toBeGreaterThanOrEqual(expiryOf(next.body.token) - TIMER_TOLERANCE_MS);
    });
  });
});
