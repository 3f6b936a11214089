import type { ErrorCode, ErrorDetail } from '@chat/contracts';

/**
 * The error codes of the wire contract and those of the client itself:
 * `NETWORK`: the server is unreachable or the connection was lost; `TIMEOUT`: no response in time;
 * `OUTBOX_FULL`: the room has too many unsent messages and changes; `CLOSED`: the client was closed.
 */
export type ChatErrorCode = ErrorCode | 'NETWORK' | 'TIMEOUT' | 'OUTBOX_FULL' | 'CLOSED';

/** Errors that a retry may resolve: the server may not have the request, or asks to wait. */
export const TRANSIENT_CODES: ReadonlySet<ChatErrorCode> = new Set<ChatErrorCode>([
  'NETWORK',
  'TIMEOUT',
  'UNAVAILABLE',
  'RATE_LIMITED',
]);

export interface ChatErrorInfo {
  /** Milliseconds to wait before retrying the same request. */
  retryAfterMs?: number | undefined;
  /** Validation errors by field. */
  details?: ErrorDetail[] | undefined;
  /** HTTP status; absent for errors of the socket or of the client itself. */
  status?: number | undefined;
}

/** The only error class that this library throws. `message` can be shown to users. */
export class ChatError extends Error {
  readonly code: ChatErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly details: ErrorDetail[] | undefined;
  readonly status: number | undefined;

  constructor(code: ChatErrorCode, message: string, info: ChatErrorInfo = {}) {
    super(message);
    this.name = 'ChatError';
    this.code = code;
    this.retryAfterMs = info.retryAfterMs;
    this.details = info.details;
    this.status = info.status;
  }
}
