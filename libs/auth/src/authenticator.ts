import { Injectable } from '@nestjs/common';
import { UnauthorizedError } from '@chat/platform';
import { AccessTokens } from './access-tokens.ts';
import type { Identity } from './identity.ts';
import { SessionStatus } from './session-status.ts';

/** Says who an access token speaks for, now: it is valid and its session has not been ended. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionStatus,
  ) {}

  /** @throws UnauthorizedError */
  async authenticate(token: string): Promise<Identity> {
    const identity = await this.tokens.verify(token);
    await this.requireActive(identity);
    return identity;
  }

  /** @throws UnauthorizedError when the identity's session has been ended. */
  async requireActive(identity: Identity): Promise<void> {
    if (!(await this.sessions.isActive(identity.sessionId))) {
      throw new UnauthorizedError('The session has ended; please sign in again.');
    }
  }
}
