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
 * Accounts, signing in, sessions and the directory of users.
 *
 * Modules of features ask for their ports by abstract class and import
 * nothing: the application provides each port once, in a global module of its
 * own. This one expects `UserStore`, `SessionStore`, `RateLimiter`, `Signals`
 * and `SignInSettings` there, and `AuthModule.forRoot`. It is global itself,
 * because it answers the guard's `SessionStatus`, and other features ask `Users` who is who.
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
