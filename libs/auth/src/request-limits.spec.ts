import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpError } from '@chat/contracts';
import { Controller, Get, Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { configureHttpApp, createHealthController, Public } from '@chat/platform/http';
import { InMemoryRateLimiter, RateLimiter } from '@chat/platform/limits';
import { loggingModule } from '@chat/platform/logging';
import { HealthChecks, Metrics, MetricsModule } from '@chat/platform/monitoring';
import { AccessTokens } from './access-tokens.ts';
import { AuthModule } from './auth.module.ts';
import { RequestLimitSettings } from './request-limit-settings.ts';
import { SessionStatus } from './session-status.ts';

const PER_USER = 20;
const PER_ADDRESS = 10;

@Controller()
class NotesController {
  @Get('notes')
  notes() {
    return [];
  }

  @Get('tags')
  tags() {
    return [];
  }

  @Public()
  @Get('open')
  open() {
    return {};
  }
}

@Global()
@Module({
  providers: [
    HealthChecks,
    { provide: SessionStatus, useValue: { isActive: () => Promise.resolve(true) } },
    { provide: RateLimiter, useFactory: () => new InMemoryRateLimiter() },
  ],
  exports: [HealthChecks, SessionStatus, RateLimiter],
})
class TestProvidersModule {}

const LIMITS: RequestLimitSettings = {
  perUser: { points: 1, windowMs: 60_000, burst: PER_USER },
  perAddress: { points: 1, windowMs: 60_000, burst: PER_ADDRESS },
};

@Module({
  imports: [
    TestProvidersModule,
    AuthModule.forRoot(
      { secret: randomBytes(32).toString('hex'), accessTokenTtlSeconds: 60 },
      LIMITS,
    ),
    loggingModule({ LOG_LEVEL: 'silent' }),
    MetricsModule,
  ],
  controllers: [NotesController, createHealthController()],
})
class NotesModule {}

describe('request rate limiting', () => {
  let app: NestExpressApplication;
  let url: string;

  beforeEach(async () => {
    app = await NestFactory.create<NestExpressApplication>(NotesModule, {
      bufferLogs: true,
      bodyParser: false,
    });
    configureHttpApp(app, { NODE_ENV: 'test', TRUST_PROXY: ['127.0.0.1'] });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterEach(() => app.close());

  const tokenOf = (userId: string) =>
    app.get(AccessTokens).sign({ userId, sessionId: userId, username: userId });
  const get = (path: string, token?: string) =>
    fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const statuses = async (count: number, path: string, token?: string): Promise<number[]> => {
    const responses = await Promise.all(Array.from({ length: count }, () => get(path, token)));
    return responses.map(({ status }) => status);
  };
  const rejectionCount = async (limit: string): Promise<number> => {
    const metric = app.get(Metrics).registry.getSingleMetric('chat_refusals_total');
    const { values = [] } = (await metric?.get()) ?? {};
    return values.find(({ labels }) => labels['limit'] === limit)?.value ?? NaN;
  };

  it('counts the requests of a user across all routes', async () => {
    const ann = await tokenOf('ann');
    expect(await statuses(PER_USER / 2, '/notes', ann)).not.toContain(429);
    expect(await statuses(PER_USER / 2, '/tags', ann)).not.toContain(429);
    expect((await get('/notes', ann)).status).toBe(429);
    expect(await rejectionCount('user_requests')).toBe(1);
    expect((await get('/notes', await tokenOf('bob'))).status).toBe(200);
  });

  it('returns 429 with the error body of the contract and a Retry-After header', async () => {
    const ann = await tokenOf('ann');
    await statuses(PER_USER, '/notes', ann);
    const rejected = await get('/notes', ann);
    expect(rejected.status).toBe(429);
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await rejected.json()) as HttpError).toMatchObject({
      statusCode: 429,
      code: 'RATE_LIMITED',
    });
  });

  it('counts requests to public routes by address', async () => {
    expect(await statuses(PER_ADDRESS, '/open')).not.toContain(429);
    expect((await get('/open')).status).toBe(429);
    expect(await rejectionCount('address_requests')).toBe(1);
    expect((await get('/notes', await tokenOf('ann'))).status).toBe(200);
  });

  it('counts IPv6 addresses by their /64 network', async () => {
    const statusFor = async (address: string): Promise<number> =>
      (await fetch(`${url}/open`, { headers: { 'x-forwarded-for': address } })).status;
    for (let host = 0; host < PER_ADDRESS; host += 1) {
      expect(await statusFor(`2001:db8:0:1:${host}::1`)).toBe(200);
    }
    expect(await statusFor('2001:db8:0:1:ffff::1')).toBe(429);
    expect(await statusFor('2001:db8:0:2::1')).toBe(200);
  });

  it('counts requests with an invalid token by address', async () => {
    expect(new Set(await statuses(PER_ADDRESS, '/notes', 'garbage'))).toEqual(new Set([401]));
    expect((await get('/notes', 'garbage')).status).toBe(429);
  });

  it('does not count health checks', async () => {
    expect(new Set(await statuses(PER_ADDRESS + 5, '/health/live'))).toEqual(new Set([200]));
  });
});
