import { UnauthorizedError } from '@chat/platform/failures';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ServiceCredentials } from './service-credentials.ts';

/** Guard that accepts only requests with a valid service credential. */
@Injectable()
export class ServiceGuard implements CanActivate {
  constructor(private readonly credentials: ServiceCredentials) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<Request>();
    const [scheme, token] = (headers.authorization ?? '').split(' ');
    if (scheme !== 'Bearer' || !token) {
      throw new UnauthorizedError('This endpoint is for internal services only.');
    }
    await this.credentials.verify(token);
    return true;
  }
}
