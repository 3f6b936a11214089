import { perSecond, type RateLimit } from '@chat/platform/limits';
import { wholeNumber, type SettingValues } from '@chat/platform/settings';

/** Settings of sign-in limits. */
export const signInSettings = {
  SIGN_IN_RATE: wholeNumber(1, 1_000_000)
    .default(20)
    .describe('Sustained rate of sign-ins and registrations per address, per second.'),
  SIGN_IN_BURST: wholeNumber(1, 1_000_000)
    .default(200)
    .describe('Burst of sign-ins and registrations per address.'),
  FAILED_SIGN_INS_PER_MINUTE: wholeNumber(1, 1_000_000)
    .default(10)
    .describe('Failed sign-ins per account and minute.'),
} as const;

/** Limits of sign-ins; provided by the app. */
export abstract class SignInSettings {
  /** Limit of sign-ins and registrations per address. */
  abstract readonly perAddress: RateLimit;
  /** Limit of failed sign-ins per account. */
  abstract readonly failuresPerAccount: RateLimit;

  /** Derives the limits from the settings of the process. */
  static of(settings: SettingValues<typeof signInSettings>): SignInSettings {
    const { SIGN_IN_RATE, SIGN_IN_BURST, FAILED_SIGN_INS_PER_MINUTE } = settings;
    return {
      perAddress: perSecond(SIGN_IN_RATE, SIGN_IN_BURST),
      failuresPerAccount: {
        points: FAILED_SIGN_INS_PER_MINUTE,
        windowMs: 60_000,
        burst: FAILED_SIGN_INS_PER_MINUTE,
      },
    };
  }
}
