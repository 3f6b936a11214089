import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { PUBLIC_ROUTE, UnauthorizedError } from '@chat/platform';
import { ACCESS_TOKEN_STRATEGY } from './access-token.strategy.ts';

/** Lets a request pass that carries a valid access token, or asks for a route marked `@Public()`. */
@Injectable()
export class AccessTokenGuard extends AuthGuard(ACCESS_TOKEN_STRATEGY) {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  /** Sockets are authenticated once, in their handshake. */
  override canActivate(context: ExecutionContext) {
    const isPublic = this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, [
      context.getHandler(),
      context.getClass(),
    ]);
    return context.getType() !== 'http' || isPublic === true || super.canActivate(context);
  }

  override handleRequest<User>(error: Error | null, user: User | false): User {
    if (error) throw error;
    if (!user) throw new UnauthorizedError('A valid access token is needed.');
    return user;
  }
}
