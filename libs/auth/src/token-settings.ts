/** Settings of tokens; provided to the whole application by `AuthModule.forRoot`. */
export abstract class TokenSettings {
  /** Secret that signs access tokens; other keys are derived from it. See `resolveJwtSecret`. */
  abstract readonly secret: string;
  /** Lifetime of an access token, in seconds. */
  abstract readonly accessTokenTtlSeconds: number;
}

/** Algorithm, issuer and audience of every access token; other tokens are rejected. */
export const TOKEN_OPTIONS = { algorithm: 'HS256', issuer: 'chat', audience: 'chat' } as const;
