import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AccessTokens, AuthModule, RequestLimitSettings, SESSION_ENDED } from '@chat/auth';
import {
  HttpError,
  LoginResponse,
  OwnUser,
  RegisterResponse,
  Sessions,
  Tokens,
  User,
  Users as UserList,
} from '@chat/contracts';
import { configureHttpApp, createOpenApiDocument } from '@chat/platform/http';
import { InMemoryRateLimiter, RateLimiter } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { MetricsModule } from '@chat/platform/monitoring';
import { InMemorySignals, Signals, type Signal } from '@chat/platform/signals';
import type { z } from 'zod';
import { SessionStore, type SessionRecord } from './session-store.ts';
import { SignInSettings } from './sign-in-settings.ts';
import { foldCase, UserStore, type InsertUserOutcome, type UserRecord } from './user-store.ts';
import { UsersModule } from './users.module.ts';
import { Users } from './users.ts';

class InMemoryUserStore extends UserStore {
  readonly records: UserRecord[] = [];

  async insert(user: UserRecord): Promise<InsertUserOutcome> {
    await Promise.resolve();
    const isTaken = (key: 'email' | 'username') =>
      this.records.some((other) => foldCase(other[key]) === foldCase(user[key]));
    if (isTaken('email')) return 'email-taken';
    if (isTaken('username')) return 'username-taken';
    this.records.push(user);
    return 'inserted';
  }
  findById(id: string) {
    return Promise.resolve(this.records.find((user) => user.id === id));
  }
  findByIds(ids: readonly string[]) {
    return Promise.resolve(this.records.filter(({ id }) => ids.includes(id)));
  }
  firstId() {
    return Promise.resolve(this.records[0]?.id);
  }
  findByEmail(email: string) {
    return Promise.resolve(this.records.find((user) => foldCase(user.email) === foldCase(email)));
  }
  search(query: string, limit: number) {
    const found = this.records.filter((user) =>
      [user.username, user.displayName].some((name) => foldCase(name).startsWith(foldCase(query))),
    );
    return Promise.resolve(found.slice(0, limit));
  }
  updateDisplayName(id: string, displayName: string) {
    const index = this.records.findIndex((user) => user.id === id);
    const user = this.records[index];
    if (!user) return Promise.resolve(undefined);
    this.records[index] = { ...user, displayName };
    return Promise.resolve(this.records[index]);
  }
}

class InMemorySessionStore extends SessionStore {
  readonly records = new Map<string, SessionRecord>();

  insert(session: SessionRecord) {
    this.records.set(session.id, session);
    return Promise.resolve();
  }
  findByIds(ids: readonly string[], now: string) {
    const found = ids.flatMap((id) => this.records.get(id) ?? []);
    return Promise.resolve(found.filter(({ expiresAt }) => expiresAt > now));
  }
  rotate(id: string, from: number, times: { rotatedAt: string; expiresAt: string }) {
    const session = this.records.get(id);
    if (session?.generation !== from || session.expiresAt <= times.rotatedAt) {
      return Promise.resolve(undefined);
    }
    const rotated = { ...session, ...times, generation: from + 1 };
    this.records.set(id, rotated);
    return Promise.resolve(rotated);
  }
  listByUser(userId: string, now: string) {
    return Promise.resolve(
      [...this.records.values()]
        .filter((session) => session.userId === userId && session.expiresAt > now)
        .reverse(),
    );
  }
  delete(id: string) {
    return Promise.resolve(this.records.delete(id));
  }
  deleteExpired(now: string) {
    const expired = [...this.records.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const { id } of expired) this.records.delete(id);
    return Promise.resolve(expired.length);
  }
}

const SETTINGS = {
  SIGN_IN_RATE: 20,
  SIGN_IN_BURST: 200,
  FAILED_SIGN_INS_PER_MINUTE: 10,
};
const ANN = { email: 'Ann@example.com', password: 'correct horse' };

let users: InMemoryUserStore;
let sessions: InMemorySessionStore;
let signals: Signal[];
let app: NestExpressApplication;
let url: string;

async function start(settings = SETTINGS): Promise<void> {
  const bus = new InMemorySignals();
  bus.on(SESSION_ENDED, (signal) => signals.push(signal));

  @Global()
  @Module({
    providers: [
      { provide: UserStore, useValue: users },
      { provide: SessionStore, useValue: sessions },
      { provide: RateLimiter, useValue: new InMemoryRateLimiter() },
      { provide: Signals, useValue: bus },
      { provide: SignInSettings, useValue: SignInSettings.of(settings) },
    ],
    exports: [UserStore, SessionStore, RateLimiter, Signals, SignInSettings],
  })
  class TestProvidersModule {}

  @Module({
    imports: [
      TestProvidersModule,
      AuthModule.forRoot(
        { secret: randomBytes(32).toString('hex'), accessTokenTtlSeconds: 3600 },
        RequestLimitSettings.of({ REQUEST_RATE: 1_000, REQUEST_BURST: 10_000 }),
      ),
      loggingModule({ LOG_LEVEL: 'silent' }),
      MetricsModule,
      UsersModule,
    ],
  })
  class AppModule {}

  app = await NestFactory.create<NestExpressApplication>(AppModule, {
    bufferLogs: true,
    bodyParser: false,
  });
  configureHttpApp(app, { NODE_ENV: 'test', TRUST_PROXY: ['127.0.0.1'] });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
}

async function restart(settings = SETTINGS): Promise<void> {
  await app.close();
  await start(settings);
}

beforeEach(async () => {
  users = new InMemoryUserStore();
  sessions = new InMemorySessionStore();
  signals = [];
  await start();
});
afterEach(() => app.close());

function call(
  method: string,
  path: string,
  { token = '', body }: { token?: string; body?: unknown } = {},
) {
  return fetch(url + path, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'user-agent': 'spec',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Returns the response body, which must match the documented schema exactly. */
async function expectResponse<Shape extends z.ZodRawShape>(
  response: Response,
  status: number,
  schema: z.ZodObject<Shape>,
) {
  const body: unknown = await response.json();
  expect({ status: response.status, body }).toMatchObject({ status });
  return schema.strict().parse(body);
}

const repeated = (status: number, times: number) => Array.from({ length: times }, () => status);
const expectError = (response: Response, status: number) =>
  expectResponse(response, status, HttpError);
const register = (body: object) => call('POST', '/auth/register', { body });
const login = (body: object) => call('POST', '/auth/login', { body });
const refresh = (refreshToken: string) => call('POST', '/auth/refresh', { body: { refreshToken } });
const isSignedIn = async (token: string) => (await call('GET', '/users/me', { token })).ok;
const registerUser = async (body: object = ANN) =>
  expectResponse(await register(body), 201, RegisterResponse);
const refreshTokens = async (token: string) => expectResponse(await refresh(token), 200, Tokens);

describe('POST /auth/register', () => {
  it('creates and signs in a user, storing only an argon2id hash of the password', async () => {
    const { user, token, expiresIn } = await registerUser({ ...ANN, displayName: 'Ann B.' });
    expect(user).toMatchObject({ email: ANN.email, username: 'Ann', displayName: 'Ann B.' });
    expect(user.id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(expiresIn).toBe(3600);
    expect(await isSignedIn(token)).toBe(true);
    expect(users.records[0]?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(users.records)).not.toContain(ANN.password);
  });

  it.each([
    ['o-k_1.x@example.com', 'o-k_1.x'],
    ['+++@example.com', 'user'],
    [`${'a'.repeat(64)}@example.com`, 'a'.repeat(32)],
    ['ann+news@example.com', 'ann-news'],
  ])('derives a valid username from %s', async (email, expected) => {
    const response = await register({ ...ANN, email });
    expect((await expectResponse(response, 201, RegisterResponse)).user.username).toBe(expected);
  });

  it('adds a suffix to a default username that is taken', async () => {
    await registerUser({ ...ANN, email: 'ann@one.example' });
    const names = await Promise.all(
      ['two', 'three', 'four'].map(async (host) => {
        const { user } = await registerUser({ ...ANN, email: `ann@${host}.example` });
        return user.username;
      }),
    );
    expect(new Set(['ann', ...names]).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^ann-[0-9a-f]{6}$/);
  });

  it('returns 409 with the taken field, email or username, regardless of case', async () => {
    await registerUser({ ...ANN, username: 'ann' });
    const email = await expectError(await register({ ...ANN, email: 'ann@EXAMPLE.com' }), 409);
    expect(email).toMatchObject({ code: 'CONFLICT', details: [{ path: 'email' }] });
    const username = await expectError(
      await register({ ...ANN, email: 'x@example.com', username: 'ANN' }),
      409,
    );
    expect(username).toMatchObject({ code: 'CONFLICT', details: [{ path: 'username' }] });
  });

  it('returns 201 once and 409 otherwise when eight requests race for the same email', async () => {
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        register({ ...ANN, email: n % 2 ? 'ANN@example.com' : 'ann@example.com' }),
      ),
    );
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, ...repeated(409, 7)]);
    expect(users.records).toHaveLength(1);
  });

  it.each([
    ['email', { ...ANN, email: 'invalid' }],
    ['email', { ...ANN, email: { $ne: '' } }],
    ['password', { ...ANN, password: 'short' }],
    ['password', { ...ANN, password: 'x'.repeat(257) }],
    ['username', { ...ANN, username: 'two words' }],
  ])('returns 400 with the path of an invalid %s (case %#)', async (path, body) => {
    expect((await expectError(await register(body), 400)).details).toMatchObject([{ path }]);
  });
});

describe('POST /auth/login', () => {
  it('accepts the correct password and ignores the case of the email', async () => {
    await registerUser();
    const response = await login({ ...ANN, email: 'ann@EXAMPLE.com' });
    const { token, user } = await expectResponse(response, 200, LoginResponse);
    expect(user.email).toBe(ANN.email);
    expect(await isSignedIn(token)).toBe(true);
  });

  it('returns the same 401 in similar time for an unknown email and a wrong password', async () => {
    await registerUser();
    await restart({ ...SETTINGS, FAILED_SIGN_INS_PER_MINUTE: 100 });
    const attempt = async (email: string) => {
      const begin = performance.now();
      const { requestId: _, ...body } = await expectError(
        await login({ email, password: 'wrong!' }),
        401,
      );
      return { body, ms: performance.now() - begin };
    };
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let round = 0; round < 15; round += 1) {
      const known = await attempt(ANN.email);
      const unknown = await attempt('unregistered@example.com');
      expect(unknown.body).toEqual(known.body);
      times.known.push(known.ms);
      times.unknown.push(unknown.ms);
    }
    const median = (all: number[]) => all.toSorted((a, b) => a - b)[7] ?? NaN;
    const ratio = median(times.unknown) / median(times.known);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.67);
  });

  it.each([
    ['an account', ANN.email],
    ['an email without an account', 'unregistered@example.com'],
  ])('returns 429 after ten failures for %s, including concurrent ones', async (_case, email) => {
    await registerUser();
    const responses = await Promise.all(
      Array.from({ length: 15 }, () => login({ email, password: 'wrong!' })),
    );
    expect(responses.map(({ status }) => status).toSorted()).toEqual([
      ...repeated(401, 10),
      ...repeated(429, 5),
    ]);
    const response = await login({ ...ANN, email });
    expect((await expectError(response, 429)).code).toBe('RATE_LIMITED');
    const retryAfter = Number(response.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
  });

  it('does not count successful sign-ins towards the limit on failures', async () => {
    await registerUser();
    for (let n = 0; n < 15; n += 1) expect((await login(ANN)).status).toBe(200);
  });

  it('returns 429 beyond the rate limit per address, shared with POST /auth/register', async () => {
    await restart({ ...SETTINGS, SIGN_IN_RATE: 0.001, SIGN_IN_BURST: 3 });
    const statuses = [];
    for (let n = 0; n < 5; n += 1) {
      statuses.push((await login({ email: `${n}@example.com`, password: 'wrong!' })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await expectError(await register(ANN), 429)).code).toBe('RATE_LIMITED');
  });

  it('counts IPv6 addresses by their /64 network towards the rate limit', async () => {
    await restart({ ...SETTINGS, SIGN_IN_RATE: 0.001, SIGN_IN_BURST: 3 });
    const statusFor = async (address: string, email: string): Promise<number> => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': address };
      const body = JSON.stringify({ email, password: 'wrong!' });
      return (await fetch(`${url}/auth/login`, { method: 'POST', headers, body })).status;
    };
    const statuses = [];
    for (let n = 0; n < 5; n += 1) {
      statuses.push(await statusFor(`2001:db8:0:1:${n}::1`, `${n}@example.com`));
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(await statusFor('2001:db8:0:2::1', ANN.email)).toBe(401);
  });
});

describe('POST /auth/refresh', () => {
  it('returns a new pair of valid tokens each time the latest refresh token is used', async () => {
    let { refreshToken } = await registerUser();
    for (let n = 0; n < 3; n += 1) {
      const next = await refreshTokens(refreshToken);
      expect(next.refreshToken).not.toBe(refreshToken);
      expect(await isSignedIn(next.token)).toBe(true);
      refreshToken = next.refreshToken;
    }
  });

  it('returns the same successor when a refresh token is reused immediately or concurrently', async () => {
    const { refreshToken } = await registerUser();
    const pairs = await Promise.all(Array.from({ length: 5 }, () => refreshTokens(refreshToken)));
    expect(new Set(pairs.map((pair) => pair.refreshToken)).size).toBe(1);
    expect((await refreshTokens(refreshToken)).refreshToken).toBe(pairs[0]?.refreshToken);
  });

  it('ends the session when a refresh token is reused after more than 30 s', async () => {
    const { refreshToken, token } = await registerUser();
    const next = await refreshTokens(refreshToken);
    for (const [id, session] of sessions.records) {
      const rotatedAt = new Date(Date.now() - 31_000).toISOString();
      sessions.records.set(id, { ...session, rotatedAt });
    }
    await expectError(await refresh(refreshToken), 401);
    await expectError(await refresh(next.refreshToken), 401);
    expect(await isSignedIn(token)).toBe(false);
    expect(await isSignedIn(next.token)).toBe(false);
    expect(signals).toMatchObject([{ type: 'session-ended' }]);
  });

  it('returns 503 and keeps the session when the rotation in the store has no effect', async () => {
    const { refreshToken } = await registerUser();
    jest.spyOn(sessions, 'rotate').mockResolvedValueOnce(undefined);
    await expectError(await refresh(refreshToken), 503);
    await refreshTokens(refreshToken);
  });

  it('ends the session when a refresh token from two rotations ago is used', async () => {
    const { refreshToken } = await registerUser();
    const { refreshToken: second } = await refreshTokens(refreshToken);
    const { refreshToken: third } = await refreshTokens(second);
    await expectError(await refresh(refreshToken), 401);
    await expectError(await refresh(third), 401);
    expect(sessions.records.size).toBe(0);
  });

  it('returns 401 for a tampered refresh token but keeps the session', async () => {
    const { refreshToken } = await registerUser();
    const [id, , mac = ''] = refreshToken.split('.');
    const tamperedTokens = ['x', `${id}.2.${mac}`, `${id}.1.${mac.replace(/./g, 'A')}`, `${id}.1.`];
    for (const tampered of tamperedTokens) {
      expect((await expectError(await refresh(tampered), 401)).code).toBe('UNAUTHORIZED');
    }
    await refreshTokens(refreshToken);
  });

  it('returns 401 for the refresh token of an expired session', async () => {
    const { refreshToken } = await registerUser();
    for (const [id, session] of sessions.records) {
      const days = Date.parse(session.expiresAt) - Date.parse(session.createdAt);
      expect(days).toBe(30 * 86_400_000);
      sessions.records.set(id, { ...session, expiresAt: new Date(Date.now() - 1).toISOString() });
    }
    await expectError(await refresh(refreshToken), 401);
  });
});

describe('a session', () => {
  it('is listed by GET /auth/sessions, newest first, with the current session marked', async () => {
    await registerUser();
    const { token } = await expectResponse(await login(ANN), 200, LoginResponse);
    const list = Sessions.parse(await (await call('GET', '/auth/sessions', { token })).json());
    expect(list.map(({ current, userAgent }) => ({ current, userAgent }))).toEqual([
      { current: true, userAgent: 'spec' },
      { current: false, userAgent: 'spec' },
    ]);
  });

  it('ends with its tokens on DELETE /auth/sessions/:id, but other sessions stay valid', async () => {
    const first = await registerUser();
    const second = await expectResponse(await login(ANN), 200, LoginResponse);
    const [, other] = Sessions.parse(
      await (await call('GET', '/auth/sessions', { token: second.token })).json(),
    );
    const end = () => call('DELETE', `/auth/sessions/${other?.id}`, { token: second.token });
    expect((await end()).status).toBe(204);
    expect((await end()).status).toBe(404);
    expect(await isSignedIn(first.token)).toBe(false);
    expect(await isSignedIn(second.token)).toBe(true);
    await expectError(await refresh(first.refreshToken), 401);
    expect(signals).toEqual([{ type: 'session-ended', sessionId: other?.id }]);
  });

  it('stays active when another user calls DELETE /auth/sessions/:id, which returns 404', async () => {
    const ann = await registerUser();
    const bob = await registerUser({ ...ANN, email: 'bob@example.com' });
    const { sessionId } = await app.get(AccessTokens).verify(ann.token);
    const response = await call('DELETE', `/auth/sessions/${sessionId}`, { token: bob.token });
    await expectError(response, 404);
    expect(await isSignedIn(ann.token)).toBe(true);
  });

  it('ends with its tokens on POST /auth/logout', async () => {
    const { token, refreshToken } = await registerUser();
    expect((await call('POST', '/auth/logout', { token })).status).toBe(204);
    expect(await isSignedIn(token)).toBe(false);
    await expectError(await refresh(refreshToken), 401);
  });

  it('is deleted from the store at startup when it has expired', async () => {
    await registerUser();
    for (const [id, session] of sessions.records) {
      sessions.records.set(id, { ...session, expiresAt: new Date(0).toISOString() });
    }
    await restart();
    expect(sessions.records.size).toBe(0);
  });
});

describe('the users API', () => {
  it('returns and updates the caller at /users/me, and rejects an empty display name', async () => {
    const { token, user } = await registerUser();
    expect(await expectResponse(await call('GET', '/users/me', { token }), 200, OwnUser)).toEqual(
      user,
    );
    const change = await call('PATCH', '/users/me', { token, body: { displayName: ' Ann B. ' } });
    expect((await expectResponse(change, 200, OwnUser)).displayName).toBe('Ann B.');
    await expectError(await call('PATCH', '/users/me', { token, body: { displayName: '' } }), 400);
  });

  it('finds other users by id and by prefix without exposing an email address', async () => {
    const { user } = await registerUser();
    const { token } = await registerUser({ ...ANN, email: 'bob@example.com' });
    const response = await call('GET', `/users/${user.id}`, { token });
    expect(await expectResponse(response, 200, User)).toMatchObject({
      id: user.id,
      username: 'Ann',
    });
    const found = await (await call('GET', '/users?query=an', { token })).json();
    expect(UserList.parse(found)).toHaveLength(1);
    expect(JSON.stringify(found)).not.toContain('@');
    expect(await app.get(Users).publicUsers([user.id, 'unknown'])).toHaveLength(1);
    await expectError(await call('GET', '/users/unknown', { token }), 404);
    await expectError(await call('GET', '/users', { token }), 400);
    await expectError(await call('GET', '/users?query=an'), 401);
  });
});

describe('the OpenAPI document', () => {
  it('lists every operation with its status codes, request body and security', () => {
    const info = { title: 'Users', description: 'Users.', version: '1' };
    const { paths } = createOpenApiDocument(app, info);
    const summary = Object.entries(paths).flatMap(([path, item]) =>
      (['get', 'post', 'patch', 'delete'] as const).flatMap((method) => {
        const operation = item[method];
        if (!operation) return [];
        const { responses, requestBody, security } = operation;
        return [
          [`${method} ${path} ${Object.keys(responses).join(' ')}`, requestBody, security] as const,
        ];
      }),
    );
    const body = (name: string) => ({
      required: true,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
    });
    const none = undefined;
    const token = [{ bearer: [] }];
    expect(summary).toEqual([
      ['post /auth/register 201 400 409 413 415 429 500 503', body('RegisterRequest'), none],
      ['post /auth/login 200 400 401 413 415 429 500 503', body('LoginRequest'), none],
      ['post /auth/refresh 200 400 401 413 415 429 500 503', body('RefreshRequest'), none],
      ['post /auth/logout 204 401 429 500 503', none, token],
      ['get /auth/sessions 200 401 429 500 503', none, token],
      ['delete /auth/sessions/{id} 204 400 401 404 429 500 503', none, token],
      ['get /users/me 200 401 429 500 503', none, token],
      ['patch /users/me 200 400 401 413 415 429 500 503', body('UpdateMeRequest'), token],
      ['get /users 200 400 401 429 500 503', none, token],
      ['get /users/{id} 200 400 401 404 429 500 503', none, token],
    ]);
  });
});
