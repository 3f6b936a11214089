import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { UnauthorizedError } from '@chat/platform';
import { z } from 'zod';
import type { Identity } from './identity.ts';
import { TOKEN_FORM, TokenSettings } from './token-settings.ts';

/** Claims of an access token; `iat`, `iss` and `aud` are beside them. */
const Claims = z.object({
  sub: z.string().min(1),
  sid: z.string().min(1),
  username: z.string().min(1),
  exp: z.int().describe('Seconds since the epoch.'),
});

/** The identity that verified claims stand for; undefined if a claim is missing. */
export function identityOf(claims: unknown): Identity | undefined {
  const parsed = Claims.safeParse(claims);
  if (!parsed.success) return undefined;
  const { sub, sid, username, exp } = parsed.data;
  return { userId: sub, sessionId: sid, username, expiresAt: exp * 1000 };
}

/** Makes and checks access tokens: JWTs signed with HS256, and with nothing else. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly settings: TokenSettings,
  ) {}

  /** Seconds for which a token is valid once it is made. */
  get ttlSeconds(): number {
    return this.settings.accessTokenTtlSeconds;
  }

  sign({ userId, sessionId, username }: Omit<Identity, 'expiresAt'>): Promise<string> {
    return this.jwt.signAsync(
      { sid: sessionId, username },
      {
        ...TOKEN_FORM,
        secret: this.settings.secret,
        subject: userId,
        expiresIn: this.settings.accessTokenTtlSeconds,
      },
    );
  }

  /**
   * Who the token speaks for. Whether the session still lives is not asked here.
   *
   * @throws UnauthorizedError for anything that is not a token of ours, or is one no more.
   */
  async verify(token: string): Promise<Identity> {
    const { algorithm, issuer, audience } = TOKEN_FORM;
    const claims: unknown = await this.jwt
      .verifyAsync(token, {
        secret: this.settings.secret,
        algorithms: [algorithm],
        issuer,
        audience,
      })
      .catch(() => undefined);
    const identity = identityOf(claims);
    if (!identity) throw new UnauthorizedError('The access token is not valid or has expired.');
    return identity;
  }
}
