import { Injectable } from '@nestjs/common';
import { UnauthorizedError } from '@chat/platform/failures';
import { AccessTokens } from './access-tokens.ts';
import type { Identity } from './identity.ts';
import { SessionStatus } from './session-status.ts';

/** Authenticates access tokens: the token must be valid and its session active. */
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

  /** @throws UnauthorizedError when the session of the identity has ended */
  async requireActive(identity: Identity): Promise<void> {
    if (!(await this.sessions.isActive(identity.sessionId))) {
      throw new UnauthorizedError('Your session has ended. Please sign in again.');
    }
  }
}
