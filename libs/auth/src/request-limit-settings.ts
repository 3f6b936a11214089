import { perSecond, type RateLimit } from '@chat/platform/limits';
import { wholeNumber, type SettingValues } from '@chat/platform/settings';

/** Settings of request limits. */
export const requestSettings = {
  REQUEST_RATE: wholeNumber(1, 1_000_000)
    .default(100)
    .describe(
      'Sustained rate of requests per user, and per address for requests without a valid token, per second.',
    ),
  REQUEST_BURST: wholeNumber(1, 1_000_000)
    .default(1_000)
    .describe('Burst of requests per user, and per address for requests without a valid token.'),
} as const;

/** Request limits; passed to `AuthModule.forRoot`. */
export abstract class RequestLimitSettings {
  /** Limit of requests per signed-in user. */
  abstract readonly perUser: RateLimit;
  /**
   * Limit of requests without a valid access token, per address (IPv6: per /64 network); at least
   * twice the limit of sign-ins.
   */
  abstract readonly perAddress: RateLimit;

  /**
   * Derives the limits from the settings of the process.
   *
   * @param settings of the process; they include SIGN_IN_RATE and SIGN_IN_BURST only if it serves
   *   sign-ins
   */
  static of(
    settings: SettingValues<typeof requestSettings> & {
      readonly SIGN_IN_RATE?: number;
      readonly SIGN_IN_BURST?: number;
    },
  ): RequestLimitSettings {
    const { REQUEST_RATE, REQUEST_BURST, SIGN_IN_RATE = 0, SIGN_IN_BURST = 0 } = settings;
    return {
      perUser: perSecond(REQUEST_RATE, REQUEST_BURST),
      // Every sign-in is also a request: twice its limit leaves room for others.
      perAddress: perSecond(
        Math.max(REQUEST_RATE, 2 * SIGN_IN_RATE),
        Math.max(REQUEST_BURST, 2 * SIGN_IN_BURST),
      ),
    };
  }
}
