import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { networkOf, RateLimitedError, RateLimiter, type RateLimit } from '@chat/platform';
import { foldCase } from './user-store.ts';

/** How often one may sign in; to be provided by the application, from its settings. */
export abstract class SignInSettings {
  /** Sign-ins and registrations per second and address, sustained. */
  abstract readonly SIGN_IN_RATE: number;
  /** Sign-ins and registrations at once from an address that was quiet. */
  abstract readonly SIGN_IN_BURST: number;
  /** Failed sign-ins per account and minute. */
  abstract readonly FAILED_SIGN_INS_PER_MINUTE: number;
}

/** Slows down guessing of passwords and floods of registrations. */
@Injectable()
export class SignInLimits {
  private readonly perAddress: RateLimit;
  private readonly failuresPerAccount: RateLimit;

  constructor(
    private readonly limiter: RateLimiter,
    settings: SignInSettings,
  ) {
    const { SIGN_IN_RATE, SIGN_IN_BURST, FAILED_SIGN_INS_PER_MINUTE } = settings;
    this.perAddress = {
      points: SIGN_IN_RATE,
      perMs: 1_000,
      burst: Math.max(SIGN_IN_RATE, SIGN_IN_BURST),
    };
    this.failuresPerAccount = {
      points: FAILED_SIGN_INS_PER_MINUTE,
      perMs: 60_000,
      burst: FAILED_SIGN_INS_PER_MINUTE,
    };
  }

  /** @throws RateLimitedError when too many came from the network of this address. */
  async admit(address: string): Promise<void> {
    await this.take(
      `sign-in:${networkOf(address)}`,
      this.perAddress,
      'Too many sign-ins from this address; please wait a moment.',
    );
  }

  /**
   * Runs an attempt at an account, which counts unless it succeeds. A point
   * is taken beforehand, or guesses made at the same time would all be free.
   * Attempts that are refused do not count: nobody is kept out for longer
   * than a minute after the guessing ends. An e-mail without account counts alike.
   *
   * @param attempt resolves with undefined when it failed.
   * @throws RateLimitedError when too many attempts failed lately.
   */
  async countFailures<Result>(
    email: string,
    attempt: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    const account = createHash('sha256').update(foldCase(email)).digest('base64url');
    const key = `failed-sign-in:${account}`;
    await this.take(
      key,
      this.failuresPerAccount,
      'Too many failed sign-ins to this account; please wait a moment.',
    );
    let failed = false;
    try {
      const result = await attempt();
      failed = result === undefined;
      return result;
    } finally {
      if (!failed) await this.limiter.giveBack(key, this.failuresPerAccount);
    }
  }

  private async take(key: string, limit: RateLimit, refusal: string): Promise<void> {
    const waitMs = await this.limiter.take(key, limit);
    if (waitMs > 0) throw new RateLimitedError(refusal, waitMs);
  }
}
