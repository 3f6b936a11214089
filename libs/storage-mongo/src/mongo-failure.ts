import { UnavailableError } from '@chat/platform';
import { Error as MongooseError, mongo } from 'mongoose';

const RETRY_AFTER_MS = 1_000;
const DUPLICATE_KEY = 11_000;

/** What the server says when it stops, is no primary or was too slow; its outcome may be unknown. */
const PASSING_CODES = new Set<unknown>([
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

/** Why the server refuses a document for what is in it. */
const REFUSALS = new Map<unknown, string>([
  [2, 'BadValue'], // also for a document that is larger than the server allows
  [22, 'InvalidBSON'],
  [121, 'DocumentValidationFailure'],
  [10334, 'BSONObjectTooLarge'],
  [17280, 'KeyTooLong'],
]);
/** How the driver begins when it refuses a document that is too large; it has no code for that. */
const TOO_LARGE = 'Document is larger than the maximum size';

const PASSING_ERRORS = [
  mongo.MongoNetworkError,
  mongo.MongoServerSelectionError,
  MongooseError.MongooseServerSelectionError,
  mongo.MongoNotConnectedError,
  mongo.MongoTopologyClosedError,
  mongo.MongoClientClosedError,
  mongo.MongoWriteConcernError,
] as const;

/** Whether a unique index refused a write. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/**
 * Why one document of an insert can never be stored; undefined for errors that say
 * nothing about a document.
 */
export function reasonOfRefusal(error: unknown): string | undefined {
  if (error instanceof mongo.MongoInvalidArgumentError) {
    return error.message.startsWith(TOO_LARGE) ? 'the document is too large' : undefined;
  }
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  const code = [error.writeErrors].flat()[0]?.code;
  const name = REFUSALS.get(code);
  return name === undefined ? undefined : `error ${code} of MongoDB, ${name}`;
}

/** MongoDB cannot say at the moment; the same may succeed later. */
export function unavailable(cause?: unknown): UnavailableError {
  return new UnavailableError('The store cannot be reached at the moment.', RETRY_AFTER_MS, cause);
}

/** What the operation gives; of its errors those that may pass become UnavailableErrors. */
export async function reaching<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw mayPass(error) ? unavailable(error) : error;
  }
}

function mayPass(error: unknown): boolean {
  if (PASSING_ERRORS.some((kind) => error instanceof kind) || isSystemError(error)) return true;
  if (!(error instanceof mongo.MongoError)) return false;
  // Not exported by the driver: no connection of the pool was free in time.
  if (error.name === 'MongoWaitQueueTimeoutError') return true;
  if (error.hasErrorLabel('RetryableWriteError')) return true;
  // A bulk write whose documents were all taken, but not by a majority in time.
  if (error instanceof mongo.MongoBulkWriteError && error.result.getWriteErrorCount() === 0) {
    return true;
  }
  return PASSING_CODES.has(error.code);
}

/** Whether the operating system failed; the driver passes on what a write to its socket throws as it is. */
function isSystemError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}
