import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RegisterRequest, RegisterResponse } from '@chat/contracts';
import { ConflictError, UnavailableError } from '@chat/platform/failures';
import { defaultUsername } from './default-username.ts';
import { Passwords } from './passwords.ts';
import type { RequestClient } from './request-client.ts';
import { Sessions } from './sessions.ts';
import { SignInLimits } from './sign-in-limits.ts';
import { UserStore, type UserRecord } from './user-store.ts';
import { toOwnUser } from './user-views.ts';

/** Maximum number of default usernames to try. */
const MAX_USERNAME_ATTEMPTS = 5;

/** Registers users. */
@Injectable()
export class Registration {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly limits: SignInLimits,
  ) {}

  /**
   * Creates an account and signs it in.
   *
   * @throws ConflictError whose details say whether the email or the username is taken.
   * @throws RateLimitedError
   */
  async register(request: RegisterRequest, client: RequestClient): Promise<RegisterResponse> {
    await this.limits.admit(client.address);
    const user = await this.#insert(request, await this.passwords.hash(request.password));
    const tokens = await this.sessions.begin(user, client.userAgent);
    return { message: 'The account was created.', ...tokens, user: toOwnUser(user) };
  }

  async #insert(request: RegisterRequest, passwordHash: string): Promise<UserRecord> {
    const { email } = request;
    const account = {
      id: randomBytes(16).toString('base64url'),
      email,
      passwordHash,
      createdAt: new Date().toISOString(),
    };
    for (let attempt = 0; attempt < MAX_USERNAME_ATTEMPTS; attempt += 1) {
      const username = request.username ?? defaultUsername(email, attempt);
      const user = { ...account, username, displayName: request.displayName ?? username };
      const outcome = await this.users.insert(user);
      if (outcome === 'inserted') return user;
      if (outcome === 'email-taken') {
        throw takenError('email', 'This email address is already in use.');
      }
      if (request.username !== undefined) {
        throw takenError('username', 'This username is already taken.');
      }
    }
    throw new UnavailableError('No free username was found. Please choose one.', 1_000);
  }
}

function takenError(path: string, message: string): ConflictError {
  return new ConflictError(message, [{ path, message }]);
}
