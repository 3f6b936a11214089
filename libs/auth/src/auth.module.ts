import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { AccessTokenGuard } from './access-token.guard.ts';
import { AccessTokenStrategy } from './access-token.strategy.ts';
import { AccessTokens } from './access-tokens.ts';
import { Authenticator } from './authenticator.ts';
import { RequestLimitSettings } from './request-limit-settings.ts';
import { RequestLimits } from './request-limits.ts';
import { TokenSettings } from './token-settings.ts';

/**
 * Guards all routes of the application except those marked `@Public()`, limits the rate of
 * requests, and provides `AccessTokens`, `Authenticator` and `TokenSettings` to all modules.
 *
 * Requires `SessionStatus`, `RateLimiter` and `Refusals` from global modules.
 */
@Module({})
export class AuthModule {
  static forRoot(tokens: TokenSettings, requests: RequestLimitSettings): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      imports: [JwtModule.register({})],
      providers: [
        { provide: TokenSettings, useValue: tokens },
        { provide: RequestLimitSettings, useValue: requests },
        AccessTokens,
        Authenticator,
        RequestLimits,
        AccessTokenStrategy,
        { provide: APP_GUARD, useClass: AccessTokenGuard },
      ],
      exports: [TokenSettings, AccessTokens, Authenticator],
    };
  }
}
