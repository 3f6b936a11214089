import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { UnauthorizedError } from '@chat/platform/failures';
import { z } from 'zod';
import type { Identity } from './identity.ts';
import { TOKEN_OPTIONS, TokenSettings } from './token-settings.ts';

/** Claims of an access token, except `iat`, `iss` and `aud`. */
const Claims = z.object({
  sub: z.string().min(1),
  sid: z.string().min(1),
  username: z.string().min(1),
  exp: z.int().describe('Seconds since the epoch.'),
});

/** Returns the identity for verified claims; undefined if a claim is missing. */
export function identityOf(claims: unknown): Identity | undefined {
  const parsed = Claims.safeParse(claims);
  if (!parsed.success) return undefined;
  const { sub, sid, username, exp } = parsed.data;
  return { userId: sub, sessionId: sid, username, expiresAt: exp * 1000 };
}

/** Signs and verifies access tokens: JWTs signed with HS256; other algorithms are rejected. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly settings: TokenSettings,
  ) {}

  /** Lifetime of a token, in seconds. */
  get ttlSeconds(): number {
    return this.settings.accessTokenTtlSeconds;
  }

  sign({ userId, sessionId, username }: Omit<Identity, 'expiresAt'>): Promise<string> {
    return this.jwt.signAsync(
      { sid: sessionId, username },
      {
        ...TOKEN_OPTIONS,
        secret: this.settings.secret,
        subject: userId,
        expiresIn: this.settings.accessTokenTtlSeconds,
      },
    );
  }

  /**
   * Returns the identity of a token. Does not check whether its session is still active.
   *
   * @throws UnauthorizedError when the token is invalid or has expired
   */
  async verify(token: string): Promise<Identity> {
    const { algorithm, issuer, audience } = TOKEN_OPTIONS;
    const claims: unknown = await this.jwt
      .verifyAsync(token, {
        secret: this.settings.secret,
        algorithms: [algorithm],
        issuer,
        audience,
      })
      .catch(() => undefined);
    const identity = identityOf(claims);
    if (!identity) throw new UnauthorizedError('The access token is invalid or has expired.');
    return identity;
  }
}
