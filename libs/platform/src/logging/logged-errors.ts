import { Failure } from '../failures/failures.ts';

/** Maximum number of causes and aggregated errors that are logged for one error. */
const MAX_CAUSES = 8;

/** Fields that are logged for an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly codeName?: string | number;
  readonly statusCode?: string | number;
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** The errors of an AggregateError. */
  readonly errors?: readonly LoggedError[];
}

/**
 * Returns the fields of a thrown value, and of its causes, that are safe to log. Of its other
 * properties only codes are included: the rest may contain user data, such as the documents in
 * errors from MongoDB and the body in errors from the body parser.
 *
 * @param includeStacks whether to include stack traces; by default not for a {@link Failure}, which
 * is expected, nor for its causes
 */
export function describeError(
  thrown: unknown,
  includeStacks = !(thrown instanceof Failure),
): LoggedError {
  let remaining = MAX_CAUSES;
  const causes = (given: readonly unknown[]): LoggedError[] =>
    given.flatMap((cause) => (remaining-- > 0 ? [describe(cause)] : []));
  const describe = (value: unknown): LoggedError => {
    if (!isErrorLike(value)) {
      const message =
        typeof value === 'string' ? redactValues(value) : 'The thrown value is not an error.';
      return { type: typeof value, message };
    }
    const [cause] = causes(value.cause === undefined ? [] : [value.cause]);
    const errors = causes(Array.isArray(value.errors) ? value.errors : []);
    return {
      type: typeOf(value),
      message: redactValues(value.message),
      ...codesOf(value),
      ...(includeStacks && typeof value.stack === 'string'
        ? { stack: redactValues(value.stack) }
        : {}),
      ...(cause ? { cause } : {}),
      ...(errors.length > 0 ? { errors } : {}),
    };
  };
  return describe(thrown);
}

/** Returns the same information as text, for output outside the log. */
export function errorText(thrown: unknown): string {
  return textOf(describeError(thrown, true));
}

/**
 * Redacts the values that error messages quote: the duplicate key in those from MongoDB, which may
 * be an email address, the value that Mongoose could not convert, and the input near the error in
 * those from JSON.parse.
 */
export function redactValues(text: string): string {
  return text
    .replace(/(dup key:|failed for value) [^]*?(?=\n +at |$)/g, '$1 [redacted]')
    .replace(/"[^]{0,80}"(?:\.\.\.)? is not valid JSON/g, '[redacted] is not valid JSON');
}

interface ErrorLike {
  readonly constructor?: { readonly name: string };
  readonly message: string;
  readonly name?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function isErrorLike(thrown: unknown): thrown is ErrorLike {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'message' in thrown &&
    typeof thrown.message === 'string'
  );
}

/** Returns the error's name, or the name of its class if it has no specific name. */
function typeOf({ name, constructor }: ErrorLike): string {
  return typeof name === 'string' && name !== 'Error' ? name : (constructor?.name ?? 'Error');
}

function codesOf(error: object): Pick<LoggedError, 'code' | 'codeName' | 'statusCode'> {
  return Object.fromEntries(
    ['code', 'codeName', 'statusCode']
      .map((name): [string, unknown] => [name, Reflect.get(error, name)])
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number'),
  );
}

function textOf({ type, message, stack, cause, errors = [] }: LoggedError): string {
  const causes = [...(cause ? [cause] : []), ...errors];
  return [
    stack ?? `${type}: ${message}`,
    ...causes.map((cause) => `Caused by: ${textOf(cause)}`),
  ].join('\n');
}
