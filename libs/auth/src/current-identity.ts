import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Identity } from './identity.ts';

/** The `Identity` of who is asking; for routes that are not `@Public()`. */
export const CurrentIdentity = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Identity =>
    // The guard put it there; passport's types know of no identity.
    context.switchToHttp().getRequest<Request & { user: Identity }>().user,
);
