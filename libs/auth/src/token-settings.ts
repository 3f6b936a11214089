/** How tokens are made; provided to the whole application by `AuthModule.forRoot`. */
export abstract class TokenSettings {
  /** Signs access tokens; other keys are derived from it. See `resolveJwtSecret`. */
  abstract readonly secret: string;
  /** How long an access token is valid, in seconds. */
  abstract readonly accessTokenTtlSeconds: number;
}

/** What every access token of ours has in common; anything else is refused. */
export const TOKEN_FORM = { algorithm: 'HS256', issuer: 'chat', audience: 'chat' } as const;
