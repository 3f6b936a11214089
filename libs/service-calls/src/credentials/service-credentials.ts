import { TokenSettings } from '@chat/auth';
import { UnauthorizedError } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

/** Unlike an access token's, so that neither passes for the other. */
const FORM = { algorithm: 'HS256', issuer: 'chat', audience: 'chat-services' } as const;
const TTL_SECONDS = 300;
/** A credential is used for so long, by either clock: one may be set, and the other stops while a machine sleeps. */
const USED_FOR_MS = (TTL_SECONDS - 60) * 1_000;
/** By so much the clocks of two machines may differ. */
const CLOCK_TOLERANCE_SECONDS = 60;

interface Credential {
  readonly token: string;
  /** By `performance.now()`. */
  readonly madeAt: number;
  /** By `Date.now()`. */
  readonly date: number;
}

/** What a service shows to another one: a short-lived token signed with the common secret. */
@Injectable()
export class ServiceCredentials {
  readonly #jwt = new JwtService();
  #current: Credential | undefined;

  constructor(private readonly settings: TokenSettings) {}

  /** A valid credential. */
  async token(): Promise<string> {
    if (this.#current && ageOf(this.#current) < USED_FOR_MS) return this.#current.token;
    const token = await this.#jwt.signAsync(
      {},
      { ...FORM, secret: this.settings.secret, expiresIn: TTL_SECONDS },
    );
    this.#current = { token, madeAt: performance.now(), date: Date.now() };
    return token;
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

function ageOf({ madeAt, date }: Credential): number {
  return Math.max(performance.now() - madeAt, Date.now() - date);
}
