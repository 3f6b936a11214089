import type { ErrorCode, ErrorDetail } from '@chat/contracts';

/**
 * Base class of expected errors, which are reported to the caller. The message is human-readable
 * and exposes no internal details. Any other thrown value is reported as INTERNAL.
 */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly options: {
      /** Time until a retry may succeed; set with RATE_LIMITED and UNAVAILABLE. */
      readonly retryAfterMs?: number;
      readonly details?: readonly ErrorDetail[];
      /** HTTP status, if it differs from the default status of the code. */
      readonly statusCode?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }
}

/** The resource does not exist, or the caller may not see it: both cases return the same error. */
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
