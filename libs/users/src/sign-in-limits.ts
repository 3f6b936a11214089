import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RateLimitedError } from '@chat/platform/failures';
import { networkOf } from '@chat/platform/http';
import { RateLimiter, type RateLimit } from '@chat/platform/limits';
import { SignInSettings } from './sign-in-settings.ts';
import { foldCase } from './user-store.ts';

/** Limits password guessing and floods of registrations. */
@Injectable()
export class SignInLimits {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly settings: SignInSettings,
  ) {}

  /**
   * Counts a sign-in or registration.
   *
   * @throws RateLimitedError when too many requests came from the network of this address.
   */
  async admit(address: string): Promise<void> {
    await this.#take(
      `sign-in:${networkOf(address)}`,
      this.settings.perAddress,
      'Too many sign-ins from this address. Please wait a moment and try again.',
    );
  }

  /**
   * Runs a sign-in attempt and counts it unless it succeeds. A point is taken before the
   * attempt, so that concurrent guesses also count. Rejected attempts do not count, so an
   * account stays locked for at most a minute after the guessing stops. An email without an
   * account is limited in the same way.
   *
   * @param attempt resolves with undefined if it fails.
   * @throws RateLimitedError when too many recent attempts failed.
   */
  async countFailures<Result>(
    email: string,
    attempt: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    const account = createHash('sha256').update(foldCase(email)).digest('base64url');
    const key = `failed-sign-in:${account}`;
    await this.#take(
      key,
      this.settings.failuresPerAccount,
      'Too many failed sign-ins to this account. Please wait a moment and try again.',
    );
    let failed = false;
    try {
      const result = await attempt();
      failed = result === undefined;
      return result;
    } finally {
      if (!failed) await this.limiter.refund(key, this.settings.failuresPerAccount);
    }
  }

  async #take(key: string, limit: RateLimit, message: string): Promise<void> {
    const waitMs = await this.limiter.take(key, limit);
    if (waitMs > 0) throw new RateLimitedError(message, waitMs);
  }
}
