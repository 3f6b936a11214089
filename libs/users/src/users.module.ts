import { Global, Module } from '@nestjs/common';
import { SessionStatus } from '@chat/auth';
import { AuthController } from './auth.controller.ts';
import { ExpiredSessionSweeper } from './expired-session-sweeper.ts';
import { Passwords } from './passwords.ts';
import { RefreshTokens } from './refresh-tokens.ts';
import { Registration } from './registration.ts';
import { SessionStatusCache } from './session-status-cache.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { SignInLimits } from './sign-in-limits.ts';
import { UsersController } from './users.controller.ts';
import { Users } from './users.ts';

/**
 * Provides accounts, sign-in, sessions and the user directory.
 *
 * Feature modules inject their ports by abstract class and import nothing: the
 * application provides each port once, in a global module. This module requires
 * `UserStore`, `SessionStore`, `RateLimiter`, `Signals` and `SignInSettings`, and
 * `AuthModule.forRoot`. It is global itself, because it provides `SessionStatus` to the
 * guard, and `Users` to other features.
 */
@Global()
@Module({
  controllers: [AuthController, UsersController],
  providers: [
    ExpiredSessionSweeper,
    Passwords,
    RefreshTokens,
    Registration,
    SessionStatusCache,
    { provide: SessionStatus, useExisting: SessionStatusCache },
    Sessions,
    SignIn,
    SignInLimits,
    Users,
  ],
  exports: [SessionStatus, Users],
})
export class UsersModule {}
