import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { UnavailableError } from '../failures/failures.ts';
import { errorText, type LoggedError } from './logged-errors.ts';
import { createLogger } from './logging.ts';

const TEXT = 'meet me at the pier';
const EMAIL = 'ada@example.com';
const HASH = '$argon2id$v=19$m=19456';

/** Document as stored in MongoDB. */
const DOCUMENT = { _id: '1', text: TEXT, email: EMAIL, passwordHash: HASH };

/** Error like those of MongoDB's driver, which copies the server's response to properties. */
class MongoServerError extends Error {
  override get name() {
    return 'MongoServerError';
  }
  constructor(readonly errorResponse: Record<string, unknown>) {
    super(String(errorResponse['errmsg']));
    const { errmsg: _, ...properties } = errorResponse;
    Object.assign(this, properties);
  }
}

const duplicate = new MongoServerError({
  errmsg: `E11000 duplicate key error collection: chat.users index: email_1 dup key: { email: "${EMAIL}" }`,
  code: 11_000,
  codeName: 'DuplicateKey',
  keyPattern: { email: 1 },
  keyValue: { email: EMAIL },
});

/** Failed bulk write, with the properties that Mongoose and the driver add. */
const bulkWrite = Object.assign(
  new MongoServerError({
    errmsg: 'Document failed validation',
    code: 121,
    errInfo: {
      failingDocumentId: '1',
      details: { consideredValue: { text: TEXT, deep: DOCUMENT } },
    },
  }),
  {
    insertedDocs: [DOCUMENT],
    writeErrors: [{ err: { index: 0, code: 121, errmsg: EMAIL, op: DOCUMENT } }],
    result: { insertedIds: [DOCUMENT] },
  },
);

/** Creates an error like those of Express's body parser. */
function malformedBody(): Error {
  try {
    JSON.parse('[x ' + TEXT);
  } catch (error) {
    return Object.assign(error as Error, { body: `[x ${TEXT}`, statusCode: 400 });
  }
  throw new Error('The input is valid JSON.');
}

const logged: string[] = [];
Logger.overrideLogger(
  createLogger(
    { LOG_LEVEL: 'info' },
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        logged.push(chunk.toString());
        done();
      },
    }),
  ),
);
const logger = new Logger('Spec');

/** Returns the logged line after checking that it contains no user data. */
function redactedLine(): { msg: string; err: LoggedError } & Record<string, unknown> {
  expect(logged).toHaveLength(1);
  const line = logged[0] ?? '';
  for (const secret of [TEXT, 'meet me', EMAIL, 'ada@', HASH]) expect(line).not.toContain(secret);
  return JSON.parse(line) as ReturnType<typeof redactedLine>;
}

beforeEach(() => {
  logged.length = 0;
});

describe('the log line of an error', () => {
  it('has the type, code and stack of the error and its redacted message', () => {
    logger.error({ err: duplicate }, 'failed');
    const { err, msg } = redactedLine();
    expect(msg).toBe('failed');
    expect(err).toEqual({
      type: 'MongoServerError',
      message: expect.stringMatching(/^E11000 .* index: email_1 dup key: \[redacted\]$/),
      code: 11_000,
      codeName: 'DuplicateKey',
      stack: expect.stringMatching(/dup key: \[redacted\]\n +at .*logged-errors\.spec/),
    });
  });

  it.each<[string, unknown, Partial<LoggedError>]>([
    ['the documents of a bulk write', bulkWrite, { type: 'MongoServerError', code: 121 }],
    [
      'the text of a body that is not JSON',
      malformedBody(),
      { type: 'SyntaxError', statusCode: 400 },
    ],
    [
      'the value of a failed cast',
      new TypeError(`Cast to Number failed for value "${EMAIL}" (type string) at path "seq"`),
      { type: 'TypeError', message: 'Cast to Number failed for value [redacted]' },
    ],
    ['the fields of a thrown object', { nested: DOCUMENT }, { type: 'object' }],
    ['the key in a thrown string', `dup key: { email: "${EMAIL}" }`, { type: 'string' }],
  ])('leaves out %s', (_name, error, expected) => {
    logger.error({ err: error }, 'failed');
    expect(redactedLine().err).toMatchObject(expected);
  });

  it('leaves out user data in the causes of the error and in aggregated errors', () => {
    const aggregate = new AggregateError([bulkWrite, duplicate], 'both failed');
    logger.error({ err: new Error('not saved', { cause: aggregate }) }, 'failed');
    const { stack, ...err } = redactedLine().err;
    expect(stack).toMatch(/^Error: not saved\n +at /);
    expect(err).toMatchObject({
      type: 'Error',
      cause: {
        type: 'AggregateError',
        message: 'both failed',
        errors: [
          { code: 121, stack: expect.stringContaining('logged-errors.spec') },
          { code: 11_000, stack: expect.stringContaining('logged-errors.spec') },
        ],
      },
    });
  });

  it('leaves out user data regardless of which field or logger call contains the error', () => {
    logger.warn({ error: duplicate }, 'failed');
    expect(redactedLine()['error']).toMatchObject({ code: 11_000 });
    logged.length = 0;
    logger.warn({ reason: bulkWrite }, 'failed');
    expect(redactedLine()['reason']).toMatchObject({ code: 121 });
    logged.length = 0;
    logger.error(duplicate);
    expect(redactedLine()).toMatchObject({
      msg: expect.stringContaining('E11000'),
      err: { code: 11_000 },
    });
    logged.length = 0;
    logger.error('Unable to connect.', duplicate.stack);
    expect(redactedLine().err.stack).toContain('E11000');
    logged.length = 0;
    logger.error(`failed: ${duplicate.message}`);
    expect(redactedLine().msg).toContain('E11000');
  });

  it('has no stacks for an expected failure and its causes', () => {
    logger.warn({ err: new UnavailableError('Not now.', 1_000, bulkWrite) }, 'failed');
    expect(redactedLine().err).toEqual({
      type: 'UnavailableError',
      message: 'Not now.',
      code: 'UNAVAILABLE',
      cause: { type: 'MongoServerError', message: 'Document failed validation', code: 121 },
    });
  });

  it('is bounded when the causes of the error are circular', () => {
    const error: Error & { errors?: unknown } = new Error('circular');
    error.cause = error;
    error.errors = Array.from({ length: 100 }, () => error);
    logger.error({ err: error }, 'failed');
    expect(logged[0]?.match(/"message":"circular"/g)?.length).toBeLessThan(10);
  });
});

describe('errorText', () => {
  it('has the stacks and causes of an error, and no user data', () => {
    const text = errorText(new UnavailableError('Not now.', 1_000, duplicate));
    expect(text).toMatch(
      /^UnavailableError: Not now\.\n +at [^]*\nCaused by: \S*Error: E11000[^]*\n +at /,
    );
    expect(text).not.toContain(EMAIL);
  });
});
