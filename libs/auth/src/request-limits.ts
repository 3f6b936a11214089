import { networkOf, RateLimitedError, RateLimiter, Refusals, type RateLimit } from '@chat/platform';
import { Injectable } from '@nestjs/common';

/** Request limits; passed to `AuthModule.forRoot`. */
export abstract class RequestLimitSettings {
  /** Rate limit for the requests of a signed-in user. */
  abstract readonly perUser: RateLimit;
  /** Rate limit per address for requests without a valid access token. */
  abstract readonly perAddress: RateLimit;

  static of(settings: {
    readonly REQUEST_RATE: number;
    readonly REQUEST_BURST: number;
    readonly SIGN_IN_RATE?: number;
    readonly SIGN_IN_BURST?: number;
  }): RequestLimitSettings {
    const { REQUEST_RATE, REQUEST_BURST, SIGN_IN_RATE = 0, SIGN_IN_BURST = 0 } = settings;
    return {
      perUser: limitOf(REQUEST_RATE, REQUEST_BURST),
      // Every sign-in is also a request.
      perAddress: limitOf(
        Math.max(REQUEST_RATE, 2 * SIGN_IN_RATE),
        Math.max(REQUEST_BURST, 2 * SIGN_IN_BURST),
      ),
    };
  }
}

function limitOf(points: number, burst: number): RateLimit {
  return { points, perMs: 1_000, burst: Math.max(points, burst) };
}

/**
 * Limits the request rate per user and, for requests without a valid access token, per network of
 * the client address.
 */
@Injectable()
export class RequestLimits {
  constructor(
    private readonly settings: RequestLimitSettings,
    private readonly limiter: RateLimiter,
    private readonly refusals: Refusals,
  ) {}

  /** @throws RateLimitedError */
  async admitUser(userId: string): Promise<void> {
    const waitMs = await this.limiter.take(`request:user:${userId}`, this.settings.perUser);
    if (waitMs <= 0) return;
    this.refusals.count('user_requests');
    throw new RateLimitedError('Too many requests. Please try again in a moment.', waitMs);
  }

  /** @throws RateLimitedError */
  async admitAddress(address: string | undefined): Promise<void> {
    const key = `request:address:${networkOf(address ?? 'unknown')}`;
    const waitMs = await this.limiter.take(key, this.settings.perAddress);
    if (waitMs <= 0) return;
    this.refusals.count('address_requests');
    throw new RateLimitedError(
      'Too many requests from this address. Please try again in a moment.',
      waitMs,
    );
  }
}
