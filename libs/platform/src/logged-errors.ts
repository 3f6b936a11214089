import { Failure } from './failures.ts';

/** How many causes, and errors that happened together, are told of one error, all in all. */
const MAX_CAUSES = 8;

/** All that is logged of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly codeName?: string | number;
  readonly statusCode?: string | number;
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** Those that an AggregateError is made of. */
  readonly errors?: readonly LoggedError[];
}

/**
 * What may be logged of whatever was thrown, its causes included. Of properties
 * only codes: others may hold what the error is about, as MongoDB's hold the
 * documents and the body parser's the body.
 *
 * @param stacks whether to tell where it was thrown; unless told otherwise not of
 * a {@link Failure}, which was expected, nor of what caused it
 */
export function describeError(thrown: unknown, stacks = !(thrown instanceof Failure)): LoggedError {
  let left = MAX_CAUSES;
  const causes = (given: readonly unknown[]): LoggedError[] =>
    given.flatMap((cause) => (left-- > 0 ? [describe(cause)] : []));
  const describe = (one: unknown): LoggedError => {
    if (!isErrorLike(one)) {
      const message = typeof one === 'string' ? withoutValues(one) : 'This is no error.';
      return { type: typeof one, message };
    }
    const [cause] = causes(one.cause === undefined ? [] : [one.cause]);
    const errors = causes(Array.isArray(one.errors) ? one.errors : []);
    return {
      type: typeOf(one),
      message: withoutValues(one.message),
      ...codesOf(one),
      ...(stacks && typeof one.stack === 'string' ? { stack: withoutValues(one.stack) } : {}),
      ...(cause ? { cause } : {}),
      ...(errors.length > 0 ? { errors } : {}),
    };
  };
  return describe(thrown);
}

/** The same as text, for those who are told without a log. */
export function errorText(thrown: unknown): string {
  return textOf(describeError(thrown, true));
}

/**
 * A text without the values that messages of errors repeat: MongoDB's the key
 * that there was already, which may be an e-mail address, Mongoose's what it
 * could not convert, and those of JSON.parse what stands where it stopped.
 */
export function withoutValues(text: string): string {
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

/** Its name, or that of its class where nobody gave it one. */
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
  return [stack ?? `${type}: ${message}`, ...causes.map((one) => `Caused by: ${textOf(one)}`)].join(
    '\n',
  );
}
