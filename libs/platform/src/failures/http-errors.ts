import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { ErrorCode, HttpError } from '@chat/contracts';
import { Failure } from './failures.ts';

const STATUS_BY_CODE: Record<ErrorCode, number> = {
  VALIDATION: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};

const CODE_BY_STATUS: Partial<Record<number, ErrorCode>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'TOO_LARGE',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
};

/** Message of INTERNAL errors, which hides their cause. */
export const INTERNAL_MESSAGE = 'Something went wrong on our side; please try again.';

/** Response to a failed request. */
export interface HttpErrorResponse {
  readonly body: HttpError;
  /** Value of the `Retry-After` header, in seconds; set when a retry may succeed. */
  readonly retryAfterSeconds?: number;
}

/**
 * Returns the response for a value thrown while a request was handled. Exposes only the messages
 * of a `Failure` and of a framework exception with a status below 500.
 */
export function toHttpErrorResponse(thrown: unknown, requestId: string): HttpErrorResponse {
  if (thrown instanceof Failure) {
    const { retryAfterMs, details, statusCode = STATUS_BY_CODE[thrown.code] } = thrown.options;
    return {
      body: {
        ...head(statusCode, thrown.code, thrown.message),
        ...(details ? { details: [...details] } : {}),
        requestId,
      },
      ...(retryAfterMs === undefined
        ? {}
        : { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) }),
    };
  }
  if (thrown instanceof HttpException && thrown.getStatus() >= 400 && thrown.getStatus() < 500) {
    const status = thrown.getStatus();
    const message = status === 404 ? 'There is nothing at this address.' : thrown.message;
    return {
      body: { ...head(status, CODE_BY_STATUS[status] ?? 'VALIDATION', message), requestId },
    };
  }
  return { body: { ...head(500, 'INTERNAL', INTERNAL_MESSAGE), requestId } };
}

function head(statusCode: number, code: ErrorCode, message: string) {
  return { statusCode, error: STATUS_CODES[statusCode] ?? 'Error', code, message };
}
