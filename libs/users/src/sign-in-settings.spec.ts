import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { SignInSettings, signInSettings } from './sign-in-settings.ts';

const settingsOf = (values: Record<string, string>) =>
  SignInSettings.of(z.object(signInSettings).parse(values));

describe('the settings of sign-ins', () => {
  it('limit addresses per second and accounts per minute by default', () => {
    expect(settingsOf({})).toEqual({
      perAddress: { points: 20, windowMs: 1_000, burst: 200 },
      failuresPerAccount: { points: 10, windowMs: 60_000, burst: 10 },
    });
  });

  it('allow a burst of at least the rate', () => {
    expect(settingsOf({ SIGN_IN_RATE: '30', SIGN_IN_BURST: '5' }).perAddress).toMatchObject({
      points: 30,
      burst: 30,
    });
  });
});
