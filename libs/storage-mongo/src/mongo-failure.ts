import { UnavailableError } from '@chat/platform/failures';
import { Error as MongooseError, mongo } from 'mongoose';

const RETRY_AFTER_MS = 1_000;
const DUPLICATE_KEY = 11_000;

/** Errors from a server that is stopping, not primary or too slow; the outcome may be unknown. */
const TRANSIENT_CODES = new Set<unknown>([
  6, // HostUnreachable
  7, // HostNotFound
  43, // CursorNotFound
  50, // MaxTimeMSExpired
  64, // WriteConcernTimeout
  79, // UnknownReplWriteConcern
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  262, // ExceededTimeLimit
  9001, // SocketException
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
]);

/** Errors with which the server rejects a document because of its content. */
const CONTENT_ERRORS = new Map<unknown, string>([
  [2, 'BadValue'], // also for a document that is larger than the server allows
  [22, 'InvalidBSON'],
  [121, 'DocumentValidationFailure'],
  [10334, 'BSONObjectTooLarge'],
  [17280, 'KeyTooLong'],
]);
/** Start of the driver's message about a document that is too large; it has no code for that. */
const TOO_LARGE_PREFIX = 'Document is larger than the maximum size';

/** Codes of Node's errors for a socket that has closed, which come without a system call. */
const SOCKET_CODES = new Set<unknown>([
  'ECONNRESET',
  'EPIPE', // a write after the server has ended the connection
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

const TRANSIENT_ERRORS = [
  mongo.MongoNetworkError,
  mongo.MongoServerSelectionError,
  MongooseError.MongooseServerSelectionError,
  mongo.MongoNotConnectedError,
  mongo.MongoTopologyClosedError,
  mongo.MongoClientClosedError,
  mongo.MongoWriteConcernError,
] as const;

/** Returns whether a unique index rejected a write. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/**
 * Returns why one document of an insert can never be stored; undefined for errors that
 * do not concern the content of a document.
 */
export function contentErrorReason(error: unknown): string | undefined {
  if (error instanceof mongo.MongoInvalidArgumentError) {
    return error.message.startsWith(TOO_LARGE_PREFIX) ? 'the document is too large' : undefined;
  }
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  const code = [error.writeErrors].flat()[0]?.code;
  const name = CONTENT_ERRORS.get(code);
  return name === undefined ? undefined : `MongoDB error ${code}, ${name}`;
}

/** Creates the error for a call that MongoDB cannot serve now; a retry may succeed. */
export function unavailable(cause?: unknown): UnavailableError {
  return new UnavailableError(
    'The service is temporarily unavailable. Please try again shortly.',
    RETRY_AFTER_MS,
    cause,
  );
}

/** Runs an operation; its transient errors become UnavailableErrors. */
export async function translateErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw isTransient(error) ? unavailable(error) : error;
  }
}

function isTransient(error: unknown): boolean {
  if (TRANSIENT_ERRORS.some((kind) => error instanceof kind) || isSocketError(error)) return true;
  if (!(error instanceof mongo.MongoError)) return false;
  // Not exported by the driver: no pooled connection became free in time.
  if (error.name === 'MongoWaitQueueTimeoutError') return true;
  if (error.hasErrorLabel('RetryableWriteError')) return true;
  // A bulk write whose documents were all accepted, but not by a majority in time.
  if (error instanceof mongo.MongoBulkWriteError && error.result.getWriteErrorCount() === 0) {
    return true;
  }
  return TRANSIENT_CODES.has(error.code);
}

/** Returns whether a write to a socket failed: the driver passes these errors on unchanged. */
function isSocketError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return 'syscall' in error || ('code' in error && SOCKET_CODES.has(error.code));
}
