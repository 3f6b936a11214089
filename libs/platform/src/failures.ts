import type { ErrorCode, ErrorDetail } from '@chat/contracts';

/**
 * An expected failure, told to whoever asked. Its message is one readable
 * sentence without internals. Everything else that is thrown becomes INTERNAL.
 */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly options: {
      /** When the same request may succeed; given with RATE_LIMITED and UNAVAILABLE. */
      readonly retryAfterMs?: number;
      readonly details?: readonly ErrorDetail[];
      /** Of the answer over HTTP, where it is not the usual one of the code. */
      readonly statusCode?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }
}

/** Nobody by that name, or nobody who may know of it: the two are told apart by nothing. */
export class NotFoundError extends Failure {
  override readonly name = 'NotFoundError';
  constructor(message: string) {
    super('NOT_FOUND', message);
  }
}

export class ConflictError extends Failure {
  override readonly name = 'ConflictError';
  constructor(message: string, details?: readonly ErrorDetail[]) {
    super('CONFLICT', message, details ? { details } : {});
  }
}

export class ForbiddenError extends Failure {
  override readonly name = 'ForbiddenError';
  constructor(message: string) {
    super('FORBIDDEN', message);
  }
}

export class UnauthorizedError extends Failure {
  override readonly name = 'UnauthorizedError';
  constructor(message: string) {
    super('UNAUTHORIZED', message);
  }
}

export class UnavailableError extends Failure {
  override readonly name = 'UnavailableError';
  constructor(message: string, retryAfterMs: number, cause?: unknown) {
    super('UNAVAILABLE', message, { retryAfterMs, cause });
  }
}

export class RateLimitedError extends Failure {
  override readonly name = 'RateLimitedError';
  constructor(message: string, retryAfterMs: number) {
    super('RATE_LIMITED', message, { retryAfterMs });
  }
}
