import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Identity } from './identity.ts';

/** Injects the `Identity` of the caller; for routes that are not `@Public()`. */
export const CurrentIdentity = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Identity =>
    // Set by the guard; the types of passport do not declare it.
    context.switchToHttp().getRequest<Request & { user: Identity }>().user,
);
