import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { identityOf } from './access-tokens.ts';
import { Authenticator } from './authenticator.ts';
import { bearerTokenOf } from './bearer-token.ts';
import type { Identity } from './identity.ts';
import { TOKEN_OPTIONS, TokenSettings } from './token-settings.ts';

export const ACCESS_TOKEN_STRATEGY = 'access-token';

/** Passport strategy that maps the bearer token of a request to an `Identity`. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, ACCESS_TOKEN_STRATEGY) {
  constructor(
    settings: TokenSettings,
    private readonly authenticator: Authenticator,
  ) {
    super({
      jwtFromRequest: bearerTokenOf,
      secretOrKey: settings.secret,
      algorithms: [TOKEN_OPTIONS.algorithm],
      issuer: TOKEN_OPTIONS.issuer,
      audience: TOKEN_OPTIONS.audience,
    });
  }

  /**
   * Receives claims with a valid signature and expiry; returns false to reject them.
   *
   * @throws UnauthorizedError if the session has ended
   */
  async validate(claims: unknown): Promise<Identity | false> {
    const identity = identityOf(claims);
    if (!identity) return false;
    await this.authenticator.requireActive(identity);
    return identity;
  }
}
