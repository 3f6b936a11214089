import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { configureHttpApp, Public } from '@chat/platform/http';
import { InMemoryRateLimiter, RateLimiter } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { MetricsModule } from '@chat/platform/monitoring';
import { AccessTokens } from './access-tokens.ts';
import { AuthModule } from './auth.module.ts';
import { Authenticator } from './authenticator.ts';
import { CurrentIdentity } from './current-identity.ts';
import type { Identity } from './identity.ts';
import { RequestLimitSettings } from './request-limit-settings.ts';
import { SessionStatus } from './session-status.ts';
import { authenticateHandshake, type HandshakeSocket } from './socket-handshake.ts';

const SECRET = randomBytes(32).toString('hex');
const SUBJECT = { userId: 'u1', sessionId: 's1', username: 'ann' };

@Controller()
class IdentityController {
  @Get('me')
  me(@CurrentIdentity() identity: Identity) {
    return identity;
  }

  @Public()
  @Get('open')
  open() {
    return 'open';
  }
}

const ended = new Set<string>();

@Global()
@Module({
  providers: [
    {
      provide: SessionStatus,
      useValue: { isActive: (id: string) => Promise.resolve(!ended.has(id)) },
    },
    { provide: RateLimiter, useClass: InMemoryRateLimiter },
  ],
  exports: [SessionStatus, RateLimiter],
})
class SessionsModule {}

const HIGH_LIMITS = RequestLimitSettings.of({ REQUEST_RATE: 1_000, REQUEST_BURST: 1_000 });

@Module({
  imports: [
    SessionsModule,
    AuthModule.forRoot({ secret: SECRET, accessTokenTtlSeconds: 60 }, HIGH_LIMITS),
    loggingModule({ LOG_LEVEL: 'silent' }),
    MetricsModule,
  ],
  controllers: [IdentityController],
})
class TestModule {}

let app: NestExpressApplication;
let url: string;
let valid: string;

beforeAll(async () => {
  app = await NestFactory.create<NestExpressApplication>(TestModule, {
    bufferLogs: true,
    bodyParser: false,
  });
  configureHttpApp(app, { NODE_ENV: 'test' });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  valid = await app.get(AccessTokens).sign(SUBJECT);
});
afterAll(() => app.close());

function request(token?: string) {
  return fetch(`${url}/me`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
}

async function connect(auth: unknown) {
  const socket: HandshakeSocket = { handshake: { auth }, data: {} };
  const error = await new Promise<Error | undefined>((resolve) =>
    authenticateHandshake(app.get(Authenticator))(socket, resolve),
  );
  return { identity: socket.data.identity, error };
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = () => ({
  sub: 'u1',
  sid: 's1',
  username: 'ann',
  iss: 'chat',
  aud: 'chat',
  iat: now(),
  exp: now() + 60,
});

function hmacToken(payload: object, { alg = 'HS256', hash = 'sha256', secret = SECRET } = {}) {
  const content = `${encode({ alg, typ: 'JWT' })}.${encode(payload)}`;
  return `${content}.${createHmac(hash, secret).update(content).digest('base64url')}`;
}

function rsaToken() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const content = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims())}`;
  return `${content}.${sign('sha256', Buffer.from(content), privateKey).toString('base64url')}`;
}

const INVALID_TOKENS: Record<string, () => string> = {
  'a token that is not a JWT': () => 'garbage',
  'a token without a signature': () => `${encode({ alg: 'none' })}.${encode(claims())}.`,
  'a signed token with algorithm none': () => hmacToken(claims(), { alg: 'none' }),
  'a token signed with a different secret': () => hmacToken(claims(), { secret: 'x'.repeat(64) }),
  'a token signed with a different algorithm': () =>
    hmacToken(claims(), { alg: 'HS512', hash: 'sha512' }),
  'a token signed with an RSA key': rsaToken,
  'an expired token': () => hmacToken({ ...claims(), exp: now() - 1 }),
  'a token without an expiry': () => hmacToken({ ...claims(), exp: undefined }),
  'a token for a different audience': () => hmacToken({ ...claims(), aud: 'shop' }),
  'a token from a different issuer': () => hmacToken({ ...claims(), iss: 'shop' }),
  'a token without a session id': () => hmacToken({ ...claims(), sid: undefined }),
  'a token with a tampered payload': () => {
    const [head, , signature] = valid.split('.');
    return `${head}.${encode({ ...claims(), sub: 'u2' })}.${signature}`;
  },
};

describe('an HTTP request', () => {
  it('is accepted with the identity of its valid token', async () => {
    const response = await request(valid);
    expect(response.status).toBe(200);
    const identity = (await response.json()) as Identity;
    expect(identity).toMatchObject(SUBJECT);
    expect(Math.abs(identity.expiresAt - Date.now() - 60_000)).toBeLessThan(5_000);
    expect((await request(hmacToken(claims()))).status).toBe(200);
  });

  it('is accepted without a token only on public routes', async () => {
    expect((await fetch(`${url}/open`)).status).toBe(200);
    const response = await request();
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      statusCode: 401,
      error: 'Unauthorized',
      code: 'UNAUTHORIZED',
      message: 'A valid access token is required.',
    });
  });

  it.each(Object.keys(INVALID_TOKENS))('is rejected with 401 for %s', async (name) => {
    expect((await request(INVALID_TOKENS[name]?.())).status).toBe(401);
  });

  it('is rejected with UNAUTHORIZED once its session has ended', async () => {
    const token = await app.get(AccessTokens).sign({ ...SUBJECT, sessionId: 's2' });
    expect((await request(token)).status).toBe(200);
    ended.add('s2');
    expect(await (await request(token)).json()).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('does not take quadratic CPU time for a long Authorization header', async () => {
    const cpuTimeOf = async (authorization: string): Promise<number> => {
      const before = process.cpuUsage();
      for (let n = 0; n < 20; n += 1) await fetch(`${url}/me`, { headers: { authorization } });
      const { user } = process.cpuUsage(before);
      return user;
    };
    await cpuTimeOf('Bearer x');
    const short = await cpuTimeOf('Bearer x');
    // Quadratic time would cost a hundred times as much.
    expect(await cpuTimeOf('x'.repeat(15_000))).toBeLessThan(10 * short);
  });
});

describe('a Socket.IO handshake', () => {
  it('is accepted with the identity of its valid token', async () => {
    const { identity, error } = await connect({ token: valid, username: 'other-user' });
    expect(error).toBeUndefined();
    expect(identity).toMatchObject(SUBJECT);
  });

  it.each(Object.keys(INVALID_TOKENS))('is rejected with UNAUTHORIZED for %s', async (name) => {
    const { identity, error } = await connect({ token: INVALID_TOKENS[name]?.() });
    expect(identity).toBeUndefined();
    expect(error).toMatchObject({
      data: { code: 'UNAUTHORIZED', message: expect.stringMatching(/\.$/) },
    });
  });

  it.each([
    undefined,
    null,
    'token',
    {},
    { token: 7 },
    { token: { $ne: '' } },
    { token: 'x'.repeat(5000) },
  ])('is rejected with UNAUTHORIZED for a malformed auth payload (case %#)', async (auth) => {
    expect((await connect(auth)).error).toMatchObject({ data: { code: 'UNAUTHORIZED' } });
  });

  it('is rejected with UNAUTHORIZED once its session has ended', async () => {
    ended.add('s3');
    const token = await app.get(AccessTokens).sign({ ...SUBJECT, sessionId: 's3' });
    expect((await connect({ token })).error).toMatchObject({ data: { code: 'UNAUTHORIZED' } });
  });
});
