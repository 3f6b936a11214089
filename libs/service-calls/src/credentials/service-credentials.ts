import { TokenSettings } from '@chat/auth';
import { UnauthorizedError } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

/** Unlike an access token's, so that neither passes for the other. */
const FORM = { algorithm: 'HS256', issuer: 'chat', audience: 'chat-services' } as const;
const TTL_SECONDS = 300;
/** A credential is used until this many seconds before it expires. */
const RENEW_SECONDS = 60;
/** By so much the clocks of two machines may differ. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** What a service shows to another one: a short-lived token signed with the common secret. */
@Injectable()
export class ServiceCredentials {
  readonly #jwt = new JwtService();
  #current: { readonly token: string; readonly renewAt: number } | undefined;

  constructor(private readonly settings: TokenSettings) {}

  /** A valid credential. */
  async token(): Promise<string> {
    if (!this.#current || this.#current.renewAt <= Date.now()) {
      const token = await this.#jwt.signAsync(
        {},
        { ...FORM, secret: this.settings.secret, expiresIn: TTL_SECONDS },
      );
      this.#current = { token, renewAt: Date.now() + (TTL_SECONDS - RENEW_SECONDS) * 1_000 };
    }
    return this.#current.token;
  }

  /** @throws UnauthorizedError for anything that is not a credential of a service of ours */
  async verify(token: string): Promise<void> {
    const { algorithm, issuer, audience } = FORM;
    try {
      await this.#jwt.verifyAsync(token, {
        secret: this.settings.secret,
        algorithms: [algorithm],
        issuer,
        audience,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
    } catch {
      throw new UnauthorizedError('This call is for services only.');
    }
  }
}
