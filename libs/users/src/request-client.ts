import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** The program at the other end of a request. */
export interface RequestClient {
  /** As seen through trusted proxies. */
  readonly address: string;
  readonly userAgent?: string;
}

/** The `RequestClient` of a request. */
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
