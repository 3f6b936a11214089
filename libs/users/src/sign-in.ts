import { Injectable } from '@nestjs/common';
import type { LoginRequest, LoginResponse } from '@chat/contracts';
import { UnauthorizedError } from '@chat/platform/failures';
import { Passwords } from './passwords.ts';
import type { RequestClient } from './request-client.ts';
import { Sessions } from './sessions.ts';
import { SignInLimits } from './sign-in-limits.ts';
import { UserStore, type UserRecord } from './user-store.ts';
import { toOwnUser } from './user-views.ts';

/** Signs users in with email and password. */
@Injectable()
export class SignIn {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly limits: SignInLimits,
  ) {}

  /**
   * Signs a user in.
   *
   * @throws UnauthorizedError, the same for an unknown email and a wrong password.
   * @throws RateLimitedError
   */
  async signIn({ email, password }: LoginRequest, client: RequestClient): Promise<LoginResponse> {
    await this.limits.admit(client.address);
    const user = await this.limits.countFailures(email, () => this.#authenticate(email, password));
    if (!user) throw new UnauthorizedError('Incorrect email or password.');
    return { ...(await this.sessions.begin(user, client.userAgent)), user: toOwnUser(user) };
  }

  async #authenticate(email: string, password: string): Promise<UserRecord | undefined> {
    const user = await this.users.findByEmail(email);
    return (await this.passwords.matches(user?.passwordHash, password)) ? user : undefined;
  }
}
