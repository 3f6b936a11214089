import { wholeNumber, type SettingValues } from '@chat/platform/settings';
import { z } from 'zod';

/** Settings of access tokens. */
export const tokenSettings = {
  JWT_SECRET: z
    .string()
    .optional()
    .describe(
      'Secret that signs access tokens, at least 32 characters. Required in production; otherwise one is generated and stored in the data directory.',
    ),
  ACCESS_TOKEN_TTL_SECONDS: wholeNumber(1, 86_400)
    .default(3_600)
    .describe('Lifetime of an access token, in seconds.'),
} as const;

/** Settings of tokens; provided to the whole application by `AuthModule.forRoot`. */
export abstract class TokenSettings {
  /** Secret that signs access tokens; other keys are derived from it. See `resolveJwtSecret`. */
  abstract readonly secret: string;
  /** Lifetime of an access token, in seconds. */
  abstract readonly accessTokenTtlSeconds: number;

  /**
   * Derives the settings from those of the process.
   *
   * @param secret see `resolveJwtSecret`
   */
  static of(settings: SettingValues<typeof tokenSettings>, secret: string): TokenSettings {
    return { secret, accessTokenTtlSeconds: settings.ACCESS_TOKEN_TTL_SECONDS };
  }
}

/** Algorithm, issuer and audience of every access token; other tokens are rejected. */
export const TOKEN_OPTIONS = { algorithm: 'HS256', issuer: 'chat', audience: 'chat' } as const;
