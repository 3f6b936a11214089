import { TokenSettings } from '@chat/auth';
import { UnauthorizedError } from '@chat/platform/failures';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

/** Differs from the format of access tokens, so that neither kind is accepted as the other. */
const JWT_FORMAT = { algorithm: 'HS256', issuer: 'chat', audience: 'chat-services' } as const;
const TTL_SECONDS = 300;
/**
 * How long a credential is reused, measured by both clocks: the wall clock may be changed, and the
 * monotonic clock stops while a machine sleeps.
 */
const REUSED_FOR_MS = (TTL_SECONDS - 60) * 1_000;
/** Maximum difference between the clocks of two machines. */
const CLOCK_TOLERANCE_SECONDS = 60;

interface Credential {
  readonly token: string;
  /** When it was created, by `performance.now()`. */
  readonly createdAt: number;
  /** When it was created, by `Date.now()`. */
  readonly createdAtDate: number;
}

/** Credentials for calls between services: short-lived tokens, signed with the shared secret. */
@Injectable()
export class ServiceCredentials {
  readonly #jwt = new JwtService();
  #current: Credential | undefined;

  constructor(private readonly settings: TokenSettings) {}

  /** Returns a valid credential; renews it before it expires. */
  async token(): Promise<string> {
    if (this.#current && ageOf(this.#current) < REUSED_FOR_MS) return this.#current.token;
    const token = await this.#jwt.signAsync(
      {},
      { ...JWT_FORMAT, secret: this.settings.secret, expiresIn: TTL_SECONDS },
    );
    this.#current = { token, createdAt: performance.now(), createdAtDate: Date.now() };
    return token;
  }

  /** @throws UnauthorizedError unless `token` is a valid service credential */
  async verify(token: string): Promise<void> {
    const { algorithm, issuer, audience } = JWT_FORMAT;
    try {
      await this.#jwt.verifyAsync(token, {
        secret: this.settings.secret,
        algorithms: [algorithm],
        issuer,
        audience,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
    } catch {
      throw new UnauthorizedError('This endpoint is for internal services only.');
    }
  }
}

function ageOf({ createdAt, createdAtDate }: Credential): number {
  return Math.max(performance.now() - createdAt, Date.now() - createdAtDate);
}
