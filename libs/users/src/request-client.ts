import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** The client that sent a request. */
export interface RequestClient {
  /** IP address, as forwarded by trusted proxies. */
  readonly address: string;
  readonly userAgent?: string;
}

/** Injects the `RequestClient` of a request. */
export const Client = createParamDecorator(
  (_data: unknown, context: ExecutionContext): RequestClient => {
    const request = context.switchToHttp().getRequest<Request>();
    const userAgent = request.get('user-agent');
    return {
      address: request.ip ?? 'unknown',
      ...(userAgent === undefined ? {} : { userAgent }),
    };
  },
);
