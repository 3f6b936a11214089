import type { ErrorCode, ErrorDetail } from '@chat/contracts';

/**
 * Every code of the wire, and what only a client can know:
 * `NETWORK` the server was not reached or the connection broke; `TIMEOUT` no answer in time;
 * `OUTBOX_FULL` the room has too many unsent messages; `CLOSED` the client was closed.
 */
export type ChatErrorCode = ErrorCode | 'NETWORK' | 'TIMEOUT' | 'OUTBOX_FULL' | 'CLOSED';

export interface ChatErrorInfo {
  /** Milliseconds after which the same request may succeed. */
  retryAfterMs?: number | undefined;
  /** What is wrong with the input, field by field. */
  details?: ErrorDetail[] | undefined;
  /** HTTP status; absent for errors of the socket and of the client itself. */
  status?: number | undefined;
}

/** The one error this library throws. `message` is one sentence that may be shown to people. */
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
