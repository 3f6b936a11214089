import { UnauthorizedError } from '@chat/platform';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ServiceCredentials } from './service-credentials.ts';

/** Lets a request pass that another service of ours makes. */
@Injectable()
export class ServiceGuard implements CanActivate {
  constructor(private readonly credentials: ServiceCredentials) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<Request>();
    const [scheme, token] = (headers.authorization ?? '').split(' ');
    if (scheme !== 'Bearer' || !token) {
      throw new UnauthorizedError('This call is for services only.');
    }
    await this.credentials.verify(token);
    return true;
  }
}
