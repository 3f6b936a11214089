import { describe, expect, it } from '@jest/globals';
import { SocketError } from '@chat/contracts';
import { z } from 'zod';
import { parsePayload } from '../http/schema-validation.ts';
import { RateLimitedError } from './failures.ts';
import { toSocketError } from './socket-errors.ts';

function errorFrom(action: () => unknown): SocketError {
  try {
    action();
  } catch (error) {
    return SocketError.strict().parse(toSocketError(error));
  }
  throw new Error('The action did not fail.');
}

describe('toSocketError', () => {
  it('returns VALIDATION with the path and message of an invalid field', () => {
    const Payload = z.object({ rooms: z.array(z.object({ id: z.string() })) });
    expect(errorFrom(() => parsePayload(Payload, { rooms: [{ id: 1 }] }))).toEqual({
      code: 'VALIDATION',
      message: 'The input is not valid.',
      details: [{ path: 'rooms.0.id', message: expect.stringMatching(/^Invalid input.*\.$/) }],
    });
  });

  it('rounds retryAfterMs of RATE_LIMITED up', () => {
    const error = new RateLimitedError('Slow down.', 12.3);
    expect(toSocketError(error)).toEqual({
      code: 'RATE_LIMITED',
      message: 'Slow down.',
      retryAfterMs: 13,
    });
  });

  it('returns only INTERNAL and a fixed message for any value that is not a Failure', () => {
    const unexpected = Object.assign(new Error('SQLITE_CORRUPT', { cause: 'disk' }), {
      code: 'CONFLICT',
      options: { retryAfterMs: 5, details: [{ path: 'db', message: 'Corrupt.' }] },
    });
    for (const thrown of [unexpected, new TypeError('x is undefined'), 'odd', null, undefined]) {
      expect(toSocketError(thrown)).toEqual({
        code: 'INTERNAL',
        message: 'Something went wrong on our side; please try again.',
      });
    }
  });
});
