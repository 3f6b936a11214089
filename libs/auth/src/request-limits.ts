import { RateLimitedError } from '@chat/platform/failures';
import { networkOf } from '@chat/platform/http';
import { RateLimiter } from '@chat/platform/limits';
import { Refusals } from '@chat/platform/monitoring';
import { Injectable } from '@nestjs/common';
import { RequestLimitSettings } from './request-limit-settings.ts';

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
