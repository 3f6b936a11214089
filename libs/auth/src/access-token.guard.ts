import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { UnauthorizedError } from '@chat/platform/failures';
import { PUBLIC_ROUTE, UNLIMITED_ROUTE } from '@chat/platform/http';
import type { Request } from 'express';
import { ACCESS_TOKEN_STRATEGY } from './access-token.strategy.ts';
import type { Identity } from './identity.ts';
import { RequestLimits } from './request-limits.ts';

/**
 * Guard that admits requests with a valid access token, and requests to routes marked `@Public()`,
 * up to the request limit of the user or address.
 */
@Injectable()
export class AccessTokenGuard extends AuthGuard(ACCESS_TOKEN_STRATEGY) {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: RequestLimits,
  ) {
    super();
  }

  /**
   * Checks HTTP requests only; sockets are authenticated once, during the handshake.
   *
   * @throws UnauthorizedError, RateLimitedError
   */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<Request & { user: Identity }>();
    if (this.#isMarked(PUBLIC_ROUTE, context)) {
      if (!this.#isMarked(UNLIMITED_ROUTE, context)) await this.limits.admitAddress(request.ip);
      return true;
    }
    try {
      await super.canActivate(context);
    } catch (error) {
      await this.limits.admitAddress(request.ip);
      throw error;
    }
    await this.limits.admitUser(request.user.userId);
    return true;
  }

  override handleRequest<User>(error: Error | null, user: User | false): User {
    if (error) throw error;
    if (!user) throw new UnauthorizedError('A valid access token is required.');
    return user;
  }

  #isMarked(key: string, context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector.getAllAndOverride<boolean | undefined>(key, targets) === true;
  }
}
